/**
 * One run: the events of its journal and the state they fold to.
 *
 * `record` is the only way to change the state, and it writes the event to the journal before folding it, so what the
 * state says has always been written down. A second invocation of the same run loses the race for the next place in
 * the journal and stops with `JournalConflict`.
 */
import type { Ports } from "../ports.ts";
import type { ApprovedOrder, ClientOrderId, RunId, Side } from "../trade.ts";
import type { Instant } from "../time.ts";
import { GENESIS, hashOf, type JournalEntry, type JournalEvent, type PlannedOrder } from "./journal.ts";

type EventOf<T extends JournalEntry["type"]> = Extract<JournalEvent, { type: T }>;
type PortsOfRun = Pick<Ports, "journal" | "clock">;

/** An order that goes to the venue. */
export interface PlacedOrder {
  readonly order: ApprovedOrder;
  readonly submissions: readonly EventOf<"order-submitted">[];
  readonly ended: OrderEnd | undefined;
}

/** What a planned order came to, by itself or by its children. */
export type OrderEnd = Pick<EventOf<"order-ended">, "status" | "filledQuantity" | "fills">;

/** A planned order: it goes to the venue itself, or as the children that a style of execution makes of it. */
export interface WorkedOrder extends PlacedOrder {
  readonly order: PlannedOrder & ApprovedOrder;
  readonly plannedAt: Instant;
  readonly children: readonly ChildOrder[];
}

export interface ChildOrder extends PlacedOrder {
  readonly step: number;
  readonly plannedAt: Instant;
}

export class Run {
  readonly id: RunId;
  readonly #ports: PortsOfRun;
  #length = 0;
  #head = GENESIS;
  readonly #orders = new Map<ClientOrderId, WorkedOrder>();
  /** Of each child, the planned order that it came of. */
  readonly #intents = new Map<ClientOrderId, ClientOrderId>();
  readonly #plans = new Map<Side, EventOf<"orders-planned">>();
  /** When the newest event was written. */
  newestAt: Instant | undefined;
  opened: EventOf<"run-opened"> | undefined;
  compared: EventOf<"holdings-changed"> | undefined;
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

  /** All that go to the venue under an id of their own. */
  get placed(): readonly PlacedOrder[] {
    return this.orders.flatMap((worked): readonly PlacedOrder[] => (worked.children.length > 0 ? worked.children : [worked]));
  }

  /** @throws Error for an order that the run did not plan. */
  orderOf(id: ClientOrderId): WorkedOrder {
    const found = this.#orders.get(id);
    if (!found) throw new Error(`run ${this.id} planned no order ${id}`);
    return found;
  }

  /** A planned order or a child as it is now. @throws Error for one that the run does not have. */
  placedOf(id: ClientOrderId): PlacedOrder {
    const intent = this.#intents.get(id);
    return intent === undefined ? this.orderOf(id) : this.orderOf(intent).children.find(({ order }) => order.clientOrderId === id)!;
  }

  #fold(event: JournalEvent): void {
    this.#length += 1;
    this.#head = hashOf(event);
    this.newestAt = event.at;
    switch (event.type) {
      case "run-opened":
        this.opened = event;
        return;
      case "holdings-changed":
        this.compared = event;
        return;
      case "view-recorded":
        this.viewed = event;
        return;
      case "targets-set":
        this.targeted = event;
        return;
      case "orders-planned":
        this.#plans.set(event.side, event);
        for (const order of event.orders) this.#orders.set(order.clientOrderId, { order, plannedAt: event.at, submissions: [], ended: undefined, children: [] });
        return;
      case "child-planned": {
        const { intent, order, step, at } = event;
        const worked = this.orderOf(intent);
        this.#intents.set(order.clientOrderId, intent);
        this.#orders.set(intent, { ...worked, children: [...worked.children, { order, step, plannedAt: at, submissions: [], ended: undefined }] });
        return;
      }
      case "order-submitted":
        this.#change(event.clientOrderId, (placed) => ({ submissions: [...placed.submissions, event] }));
        return;
      case "order-ended":
        this.#change(event.clientOrderId, () => ({ ended: event }));
        return;
      case "execution-ended": {
        const worked = this.orderOf(event.clientOrderId);
        const { status, filledQuantity } = event;
        this.#orders.set(event.clientOrderId, { ...worked, ended: { status, filledQuantity, fills: worked.children.flatMap(({ ended }) => ended?.fills ?? []) } });
        return;
      }
      case "run-closed":
        this.closed = event;
        return;
    }
  }

  #change(id: ClientOrderId, change: (placed: PlacedOrder) => Partial<PlacedOrder>): void {
    const intent = this.#intents.get(id);
    const worked = this.orderOf(intent ?? id);
    if (intent === undefined) this.#orders.set(id, { ...worked, ...change(worked), order: worked.order });
    else this.#orders.set(intent, { ...worked, children: worked.children.map((child) => (child.order.clientOrderId === id ? { ...child, ...change(child) } : child)) });
  }
}
