/** What Ballast itself says no to, with the numbers that decided. A venue's no is a rejection, another word. */
import type { Money, Price, Quantity, Weight } from "../money.ts";
import type { Symbol } from "../ports.ts";

export type Refusal =
  | { readonly code: "ORDER_NOTIONAL_EXCEEDS_MAX"; readonly symbol: Symbol; readonly notional: Money; readonly max: Money };
