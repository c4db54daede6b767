import fc from "fast-check";
import { expect, test } from "vitest";
import { KnownOrders } from "../../src/simulator/known-orders.ts";
import type { ClientOrder } from "../../src/simulator/client-order.ts";
import type { ClientOrderId } from "../../src/trade.ts";

test("orders are found by their ids from when they come until they are forgotten, as in a map", () => {
  const id = fc.oneof(fc.nat(40), fc.nat(100_000)).map((n) => `order-${n}` as ClientOrderId);
  const step = fc.record({ id, does: fc.constantFrom("comes", "comes", "comes", "ends", "all that ended are forgotten") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: "max" }), (steps) => {
      const known = new KnownOrders();
      const model = new Map<ClientOrderId, ClientOrder>();
      const ended: ClientOrder[] = [];
      let arrivals = 0;
      for (const { id: of, does } of steps) {
        const order = model.get(of);
        expect(known.get(of)).toBe(order);
        if (does === "comes" && order === undefined) {
          const arrived = known.blank();
          arrived.clientOrderId = of;
          arrived.number = ++arrivals;
          known.add(arrived);
          model.set(of, arrived);
        } else if (does === "ends" && order !== undefined && !ended.includes(order)) {
          known.end(order);
          ended.push(order);
        } else if (does === "all that ended are forgotten") {
          known.forgetEnded();
          for (const gone of ended.splice(0)) model.delete(gone.clientOrderId);
        }
        expect(known.ended).toEqual(ended);
      }
      for (const [of, order] of model) expect(known.get(of)).toBe(order);
      expect(known.inOrderOfArrival()).toEqual([...model.values()].sort((a, b) => a.number - b.number));
    }),
  );
});
