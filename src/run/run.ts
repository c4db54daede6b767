/**
 * One run: the events of its journal and the state they fold to.
 *
 * `record` is the only way to change the state, and it writes the event to the journal before folding it, so what the
 * state says has always been written down. A second invocation of the same run loses the race for the next place in
 * the journal and stops with `JournalConflict`.
 */
import type { Ports } from "../ports.ts";
import type { ApprovedOrder, ClientOrderId, RunId, Side } from "../trade.ts";
import { GENESIS, hashOf, type JournalEntry, type JournalEvent, type PlannedOrder } from "./journal.ts";

type EventOf<T extends JournalEntry["type"]> = Extract<JournalEvent, { type: T }>;
type PortsOfRun = Pick<Ports, "journal" | "clock">;

export interface WorkedOrder {
  readonly order: PlannedOrder & ApprovedOrder;
  readonly submissions: readonly EventOf<"order-submitted">[];
  readonly ended: EventOf<"order-ended"> | undefined;
}

export class Run {
  readonly id: RunId;
  readonly #ports: PortsOfRun;
  #length = 0;
  #head = GENESIS;
  readonly #orders = new Map<ClientOrderId, WorkedOrder>();
  readonly #plans = new Map<Side, EventOf<"orders-planned">>();
  opened: EventOf<"run-opened"> | undefined;
  viewed: EventOf<"view-recorded"> | undefined;
  targeted: EventOf<"targets-set"> | undefined;
  closed: EventOf<"run-closed"> | undefined;

  private constructor(id: RunId, ports: PortsOfRun) {
    this.id = id;
    this.#ports = ports;
  }

  static async read(id: RunId, ports: PortsOfRun): Promise<Run> {
    const run = new Run(id, ports);
    for (const event of await ports.journal.read(id)) run.#fold(event);
    return run;
  }

  async record(entry: JournalEntry): Promise<void> {
    const event: JournalEvent = { ...entry, seq: this.#length, at: this.#ports.clock.now(), previous: this.#head };
    await this.#ports.journal.append(this.id, this.#length, event);
    this.#fold(event);
  }

  plan(side: Side): EventOf<"orders-planned"> | undefined {
    return this.#plans.get(side);
  }

  /** In the order in which they were planned: sells, then buys. */
  get orders(): readonly WorkedOrder[] {
    return [...this.#orders.values()];
  }

  /** @throws Error for an order that the run did not plan. */
  orderOf(id: ClientOrderId): WorkedOrder {
    const found = this.#orders.get(id);
    if (!found) throw new Error(`run ${this.id} planned no order ${id}`);
    return found;
  }

  #fold(event: JournalEvent): void {
    this.#length += 1;
    this.#head = hashOf(event);
    switch (event.type) {
      case "run-opened":
        this.opened = event;
        return;
      case "view-recorded":
        this.viewed = event;
        return;
      case "targets-set":
        this.targeted = event;
        return;
      case "orders-planned":
        this.#plans.set(event.side, event);
        for (const order of event.orders) this.#orders.set(order.clientOrderId, { order, submissions: [], ended: undefined });
        return;
      case "order-submitted": {
        const worked = this.orderOf(event.clientOrderId);
        this.#orders.set(event.clientOrderId, { ...worked, submissions: [...worked.submissions, event] });
        return;
      }
      case "order-ended":
        this.#orders.set(event.clientOrderId, { ...this.orderOf(event.clientOrderId), ended: event });
        return;
      case "run-closed":
        this.closed = event;
        return;
    }
  }
}
