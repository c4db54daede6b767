/**
 * What clients have asked for and the exchange has not taken up yet, in the order in which they asked.
 *
 * One request does not overtake another, so the next to take up is always the first. An order is named by its number,
 * too: its id may belong to a later order once it has ended and was forgotten.
 */
import type { Instant } from "../time.ts";
import type { ClientOrderId } from "../trade.ts";
import type { OrderChanges } from "./order-ticket.ts";

interface OfOrder {
  readonly due: Instant;
  readonly order: ClientOrderId;
  readonly number: number;
}

export type DeferredRequest = (OfOrder & { readonly kind: "place" | "cancel" }) | (OfOrder & { readonly kind: "replace"; readonly heirNumber: number; readonly changes: OrderChanges });

/** So many that were taken are forgotten together. */
const TAKEN_MAX = 1_024;

export class DeferredRequests {
  #waiting: DeferredRequest[] = [];
  #first = 0;
  /** Infinity while nothing waits. */
  nextDue = Infinity;

  add(request: DeferredRequest): void {
    const last = this.#waiting.at(-1);
    this.#waiting.push(last === undefined || request.due >= last.due ? request : { ...request, due: last.due });
    this.#note();
  }

  takeFirst(): DeferredRequest {
    const request = this.#waiting[this.#first++]!;
    if (this.#first === this.#waiting.length || this.#first === TAKEN_MAX) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    this.#note();
    return request;
  }

  /** The replacement that was asked for last, of the order with this number. */
  replacementOf(number: number): ClientOrderId | undefined {
    const request = this.inOrder().findLast((one) => one.kind === "replace" && one.number === number);
    return request?.kind === "replace" ? request.changes.clientOrderId : undefined;
  }

  inOrder(): readonly DeferredRequest[] {
    return this.#waiting.slice(this.#first);
  }

  /** As they were saved. */
  restore(requests: readonly DeferredRequest[]): void {
    this.#waiting = [...requests];
    this.#first = 0;
    this.#note();
  }

  #note(): void {
    this.nextDue = this.#waiting[this.#first]?.due ?? Infinity;
  }
}
