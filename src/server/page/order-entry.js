/**
 * The form for an order. Each order has an id that is made here before it is sent, so that what became of one that was
 * not answered can be asked for by it: it is neither taken for placed nor sent again.
 */
/* global document, crypto */
import { element, price, quantity } from "./render.js";
import { NoAnswer, Refused } from "./connection.js";

const form = element("order-form");
const [type, lasts, amount, limit, stop, send] = ["type", "lasts", "quantity", "limit", "stop", "send"].map(element);
const inDoubt = new Set();
const OWN = "page-";

/** `ask` sends a request, `say` tells the user, `symbolNow` is what is traded, `placed` is called with each order that was taken. */
export function installOrderEntry({ ask, say, symbolNow, placed }) {
  form.addEventListener("change", follow);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (send.disabled) return;
    send.disabled = true;
    const id = newId();
    try {
      const order = await ask("POST", "/v2/orders", orderOf(symbolNow(), id));
      // Of fills the stream tells, with their prices.
      if (order.status !== "filled") say(`${textOf(order)}: ${order.status.replaceAll("_", " ")}`);
      placed();
    } catch (error) {
      if (error instanceof NoAnswer) {
        inDoubt.add(id);
        say("The server did not answer: the order may have been taken. It is asked for when the connection is back.", "bad");
      } else if (error instanceof Refused) say(`Not placed: ${error.message}`, "bad");
      else throw error;
    } finally {
      send.disabled = false;
    }
  });
  follow();

  function follow() {
    const isBuy = sideNow() === "buy";
    send.textContent = `${isBuy ? "Buy" : "Sell"} ${symbolNow() ?? ""}`.trim();
    send.classList.toggle("buy", isBuy);
    send.classList.toggle("sell", !isBuy);
    const needsLimit = type.value.endsWith("limit");
    const needsStop = type.value.startsWith("stop");
    element("limit-field").hidden = !needsLimit;
    element("stop-field").hidden = !needsStop;
    limit.required = needsLimit;
    stop.required = needsStop;
  }

  return {
    symbolChanged: follow,
    /** What became of the orders that were not answered. */
    async resolve() {
      for (const id of inDoubt) {
        try {
          const order = await ask("GET", `/v2/orders:by_client_order_id?client_order_id=${id}`);
          say(`The order that was not answered had been taken. ${textOf(order)}: ${order.status.replaceAll("_", " ")}`);
        } catch (error) {
          if (!(error instanceof Refused && error.status === 404)) throw error;
          say("The order that was not answered had not been taken.");
        }
        inDoubt.delete(id);
      }
    },
  };
}

/** Whether it was sent from a page, and not by a program with the same key. */
export const isOwnOrder = (order) => order.client_order_id.startsWith(OWN);

/** For people: "Buy 10 AAA at 99.50". */
export function textOf({ side, qty, notional, symbol, type: kind, limit_price, stop_price }) {
  const at = limit_price !== null ? ` at ${price(limit_price)}` : "";
  const after = stop_price !== null ? ` behind ${price(stop_price)}` : "";
  return `${side === "buy" ? "Buy" : "Sell"} ${qty === null ? `for ${price(notional)}` : quantity(qty)} ${symbol}${at}${after}${kind === "market" ? " at the market" : ""}`;
}

function orderOf(symbol, id) {
  const order = { symbol, qty: amount.value.trim(), side: sideNow(), type: type.value, time_in_force: lasts.value, client_order_id: id };
  if (limit.required) order.limit_price = limit.value.trim();
  if (stop.required) order.stop_price = stop.value.trim();
  return order;
}

const sideNow = () => new FormData(form).get("side");

/** `crypto.randomUUID` is for secure contexts alone, and a market in one's own network may have no certificate. */
function newId() {
  return `${OWN}${[...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
