/**
 * An exchange that takes its time: what a client asks for is taken up `acknowledgeMs` later, in the order of asking.
 *
 * Until then an order is pending_new and takes no part in matching, and one whose cancel or replacement was asked for is
 * pending_cancel or pending_replace and goes on as before. So a fill may win: then the cancel or the replacement is
 * rejected, with an event of its own, as soon as the order has ended. What was asked for has passed the desk's checks and
 * has its money and shares reserved from the asking on; a replacement is checked again when it is taken up. Which
 * cases there are and what becomes of each is a table in docs/simulator.md.
 */
import { plusMs } from "../time.ts";
import { isEnded, type ClientOrder } from "./client-order.ts";
import type { DeferredRequest } from "./deferred-requests.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { Rejection } from "./order-checks.ts";
import type { OrderLife } from "./order-life.ts";
import type { OrderChanges } from "./order-ticket.ts";

/** Puts the replacement into its order's place, or says why not. */
type Succession = (order: ClientOrder, heir: ClientOrder, changes: OrderChanges) => Rejection | undefined;

export class Acknowledgements {
  readonly #state: ExchangeState;
  readonly #life: OrderLife;
  readonly #succeed: Succession;

  constructor(state: ExchangeState, life: OrderLife, succeed: Succession) {
    this.#state = state;
    this.#life = life;
    this.#succeed = succeed;
  }

  /** The order is open and not acknowledged. */
  place(order: ClientOrder): void {
    order.listing.open.add(order);
    this.#defer(order, "place");
  }

  /** A second cancel asks for nothing new. By Alpaca's documents an order that waits for its replacement rejects one. */
  cancel(order: ClientOrder): void {
    if (order.requested === "cancel") return;
    if (order.requested === "replace") {
      this.#state.emit({ type: "cancel_rejected", account: order.account, order: order.clientOrderId, code: "not_cancelable", message: "order is pending_replace" });
      return;
    }
    order.requested = "cancel";
    this.#state.emitOrder("pending_cancel", order);
    this.#defer(order, "cancel");
  }

  /** `heir` is known from here on. Of the two the larger has its money and shares reserved, as at Alpaca. */
  replace(order: ClientOrder, heir: ClientOrder, changes: OrderChanges): void {
    order.requested = "replace";
    heir.status = "pending_new";
    heir.acknowledged = false;
    heir.working = order.working;
    heir.trader.reserveBeyond(heir, order);
    this.#state.emitOrder("pending_replace", order);
    this.#state.emitOrder("pending_new", heir);
    this.#state.requests.add({ kind: "replace", due: this.#due, order: order.clientOrderId, number: order.number, heirNumber: heir.number, changes });
  }

  /** One that is no longer wanted, because its order has ended, is passed over. */
  takeUpDue(): void {
    const { requests, now } = this.#state;
    while (requests.nextDue <= now) {
      const request = requests.takeFirst();
      const order = this.#state.orders.get(request.order);
      if (order && order.number === request.number && !isEnded(order)) this.#takeUp(order, request);
    }
  }

  #takeUp(order: ClientOrder, request: DeferredRequest): void {
    if (request.kind === "replace") this.#takeOver(order, request);
    else if (request.kind === "place") this.#life.acknowledge(order);
    else {
      order.requested = undefined;
      this.#life.end(order, "canceled");
    }
  }

  #takeOver(order: ClientOrder, { changes, heirNumber }: Extract<DeferredRequest, { kind: "replace" }>): void {
    const heir = this.#state.orders.get(changes.clientOrderId);
    if (heir?.number !== heirNumber || isEnded(heir)) return;
    order.requested = undefined;
    const refused = this.#succeed(order, heir, changes);
    if (refused) rejectReplacement(this.#state, this.#life, order, heir, refused);
  }

  #defer({ clientOrderId, number }: ClientOrder, kind: "place" | "cancel"): void {
    this.#state.requests.add({ kind, due: this.#due, order: clientOrderId, number });
  }

  get #due(): DeferredRequest["due"] {
    return plusMs(this.#state.now, this.#state.settings.acknowledgeMs ?? 0);
  }
}

/** What was asked of the order has come too late. Of one that was canceled otherwise there is nothing to say. */
export function refuseRequest(state: ExchangeState, life: OrderLife, order: ClientOrder, { code, message }: Rejection): void {
  const { requested, account, clientOrderId, number, status } = order;
  order.requested = undefined;
  if (requested === "cancel") {
    if (status !== "canceled") state.emit({ type: "cancel_rejected", account, order: clientOrderId, code, message });
    return;
  }
  const heir = state.requests.replacementOf(number);
  const waiting = heir === undefined ? undefined : state.orders.get(heir);
  if (waiting && !isEnded(waiting)) rejectReplacement(state, life, order, waiting, { code, message });
}

function rejectReplacement(state: ExchangeState, life: OrderLife, { account, clientOrderId }: ClientOrder, heir: ClientOrder, { code, message }: Rejection): void {
  state.emit({ type: "replace_rejected", account, order: clientOrderId, by: heir.clientOrderId, code, message });
  life.reject(heir, code, message);
}
