/**
 * The page: from the key that is typed in to the live account, its orders, and the market of one symbol.
 *
 * REST gives the state when the streams listen, at first and after every reconnection; the streams carry it on. What no
 * stream carries (the account's amounts, prices of positions, the depth of the book) is asked for again after what changes
 * it and now and then, at most so often, while the page is seen and while the key has requests left.
 */
/* global window, document, sessionStorage */
import { Connection, NoAnswer, Refused } from "./connection.js";
import { EquityChart } from "./equity-chart.js";
import { LEVELS, showDepth } from "./ladder.js";
import { installOrderEntry, isOwnOrder, textOf } from "./order-entry.js";
import { installSeasons } from "./seasons.js";
import { change, dayAndTime, element, fillTable, money, percentChange, price, quantity, setText, timeOfDay, tone } from "./render.js";

const KEYS = "ballast-keys";
const ACCOUNT_EVERY_MS = 5000;
const DEPTH_EVERY_MS = 1500;
const SEASONS_EVERY_MS = 10_000;
const TAPE_MAX = 50;

const chart = new EquityChart(element("chart"));
const symbolPicker = element("symbol");
let connection;
let key;
let orders = new Map();
let tape = [];
let marketAt;

const entry = installOrderEntry({ ask, say, symbolNow: () => symbolPicker.value || undefined, placed: () => accountNeeded.now() });
const accountNeeded = atMost(2000, ACCOUNT_EVERY_MS, loadAccount);
const depthNeeded = atMost(DEPTH_EVERY_MS, ACCOUNT_EVERY_MS, loadDepth);
const seasons = installSeasons({ ask, say, guarded, connect: begin, disconnect: () => disconnect("Not connected") });
const seasonsNeeded = atMost(SEASONS_EVERY_MS, SEASONS_EVERY_MS, seasons.load);
const everything = [accountNeeded, depthNeeded, seasonsNeeded];

element("connect").addEventListener("submit", (event) => {
  event.preventDefault();
  begin({ id: element("key-id").value.trim(), secret: element("secret").value.trim() });
  element("secret").value = "";
});
element("disconnect").addEventListener("click", () => disconnect("Not connected"));
element("period").addEventListener("change", () => guarded(loadHistory));
symbolPicker.addEventListener("change", changeSymbol);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const needed of everything) needed.now();
});

const kept = sessionStorage.getItem(KEYS);
if (kept !== null) connect(JSON.parse(kept));
else element("key-id").focus();

function begin(keys) {
  sessionStorage.setItem(KEYS, JSON.stringify(keys));
  connect(keys);
}

function connect(keys) {
  say("");
  key = undefined;
  chart.clear();
  connection?.close();
  connection = new Connection(keys, { state: showState, live: () => guarded(loadAll), update: followOrder, market: followMarket });
  connection.open();
}

function disconnect(text) {
  connection?.close();
  connection = undefined;
  sessionStorage.removeItem(KEYS);
  for (const needed of everything) needed.stop();
  seasons.forget();
  document.title = "Ballast paper market";
  showState("off", undefined, text);
  element("desk").hidden = true;
  for (const id of ["disconnect", "who", "market", "skip-order"]) element(id).hidden = true;
  element("connect").hidden = false;
  element("key-id").focus();
}

function showState(state, detail, text) {
  if (state === "refused") {
    disconnect("Not connected");
    say("The server does not take this key: it is unknown, revoked or over, or the secret is wrong.", "bad");
    return;
  }
  const texts = { connecting: "Connecting…", live: "Live", lost: `Connection lost${detail?.reason ? ` (${detail.reason})` : ""}, trying again…`, off: text };
  element("connection").dataset.state = state;
  element("desk").classList.toggle("stale", state === "lost" || state === "connecting");
  setText(element("connection"), texts[state]);
}

/** After the streams listen: whatever happens from here on is heard. */
async function loadAll() {
  const [who, assets] = await Promise.all([ask("GET", "/sim/v1/key"), ask("GET", "/v2/assets?status=active")]);
  if (key === undefined) seasons.begin(who);
  key = who;
  showSymbols(assets.map((asset) => asset.symbol));
  element("connect").hidden = true;
  for (const id of ["desk", "disconnect", "who"]) element(id).hidden = false;
  const mayTrade = key.scopes.includes("trade");
  for (const id of ["order", "skip-order"]) element(id).hidden = !mayTrade;
  const name = key.season ? `${key.season.entry} in season ${key.season.name}` : key.account;
  setText(element("who"), mayTrade ? name : `${name} (read only)`);
  document.title = `${name} – Ballast paper market`;
  changeSymbol();
  await Promise.all([loadAccount(), loadHistory(), loadOrders(), loadDepth(), seasons.load(), entry.resolve()]);
  for (const needed of everything) needed.start();
  if (element("desk").contains(document.activeElement) || document.activeElement === document.body) return;
  element("main").focus();
}

async function loadAccount() {
  const [account, positions, clock] = await Promise.all([ask("GET", "/v2/account"), ask("GET", "/v2/positions"), ask("GET", "/v2/clock")]);
  marketAt = Date.parse(clock.timestamp);
  const badge = element("market");
  badge.hidden = false;
  badge.dataset.state = clock.is_open ? "live" : "closed";
  setText(badge, clock.is_open ? `Market open, ${timeOfDay(marketAt)} New York` : `Market closed, opens ${dayAndTime(Date.parse(clock.next_open))} New York`);
  const made = Number(account.equity) - Number(account.last_equity);
  setText(element("equity"), money(account.equity));
  setText(element("cash"), money(account.cash));
  setText(element("buying-power"), money(account.buying_power));
  setText(element("day"), `${change(made)} (${percentChange(made / Number(account.last_equity))})`);
  element("day").className = tone(made);
  chart.add(Math.floor(marketAt / 1000), Number(account.equity));
  fillTable(element("positions"), positions, {
    keyOf: (position) => position.symbol,
    cellsOf: (position) => [
      [position.symbol], [quantity(position.qty), "number"], [price(position.avg_entry_price), "number"], [price(position.current_price), "number"], [money(position.market_value), "number"],
      [`${change(position.unrealized_pl)} (${percentChange(position.unrealized_plpc)})`, `number ${tone(position.unrealized_pl)}`],
    ],
    empty: "No positions",
  });
}

async function loadHistory() {
  const period = element("period").value;
  const history = await ask("GET", `/v2/account/portfolio/history?period=${period}&${period === "1D" ? "timeframe=1Min&intraday_reporting=continuous" : "timeframe=1D"}`);
  chart.load(history);
}

async function loadOrders() {
  const open = await ask("GET", "/v2/orders?status=open&limit=500");
  orders = new Map(open.map((order) => [order.id, order]));
  showOrders();
}

async function loadDepth() {
  const symbol = symbolPicker.value;
  if (symbol === "") return;
  const depth = await ask("GET", `/sim/v1/depth/${encodeURIComponent(symbol)}?levels=${LEVELS}`);
  if (symbol === symbolPicker.value) showDepth(depth);
}

const ENDED = new Set(["filled", "canceled", "expired", "rejected", "replaced"]);

function followOrder({ event, order, price: at, qty }) {
  if (ENDED.has(order.status)) orders.delete(order.id);
  else orders.set(order.id, order);
  showOrders();
  if (event === "fill" || event === "partial_fill") say(`${event === "fill" ? "Filled" : "Filled in part"}: ${order.side === "buy" ? "bought" : "sold"} ${quantity(qty)} ${order.symbol} at ${price(at)}`);
  else if (event === "new" ? isOwnOrder(order) : event !== "accepted" && !event.startsWith("pending")) say(`${textOf(order)}: ${event.replaceAll("_", " ")}`);
  accountNeeded.soon();
}

function showOrders() {
  const newestFirst = [...orders.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
  fillTable(element("orders"), newestFirst, {
    keyOf: (order) => order.id,
    cellsOf: (order) => [
      [`${order.side === "buy" ? "Buy" : "Sell"} ${order.type.replaceAll("_", " ")}`, order.side], [order.symbol], [`${quantity(order.filled_qty)} of ${order.qty === null ? money(order.notional) : quantity(order.qty)}`, "number"],
      [price(order.limit_price), "number"], [price(order.stop_price), "number"], [order.time_in_force], [order.status.replaceAll("_", " ")],
    ],
    ...(key.scopes.includes("trade") && { action: cancelButton }),
    empty: "No open orders",
    home: element("orders-title"),
  });
}

function cancelButton(order) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Cancel";
  button.setAttribute("aria-label", `Cancel ${textOf(order)}`);
  button.addEventListener("click", () => guarded(async () => {
    try {
      await ask("DELETE", `/v2/orders/${order.id}`);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      say("The server did not answer: whether the order is canceled shows when the connection is back.", "bad");
    }
  }));
  return button;
}

function showSymbols(symbols) {
  const chosen = symbolPicker.value;
  symbolPicker.replaceChildren(...symbols.map((symbol) => {
    const option = document.createElement("option");
    option.value = symbol;
    option.textContent = symbol;
    return option;
  }));
  if (symbols.includes(chosen)) symbolPicker.value = chosen;
}

let shownSymbol;
function changeSymbol() {
  entry.symbolChanged();
  connection?.watch(symbolPicker.value);
  if (shownSymbol === symbolPicker.value) return;
  shownSymbol = symbolPicker.value;
  tape = [];
  showTape();
  showDepth();
  depthNeeded.now();
}

function followMarket(message) {
  if (message.S !== symbolPicker.value) return;
  if (message.T === "s") say(`${message.S}: ${message.sm}`);
  if (message.T === "t") {
    tape = [{ ...message, isUp: tape[0] === undefined || message.p === tape[0].p ? tape[0]?.isUp : message.p > tape[0].p }, ...tape].slice(0, TAPE_MAX);
    tapeNeeded();
  }
  if (message.T === "t" || message.T === "q") depthNeeded.soon();
}

let isTapeDue = false;
/** Once a frame, however many trades there were. */
function tapeNeeded() {
  if (isTapeDue) return;
  isTapeDue = true;
  window.requestAnimationFrame(() => {
    isTapeDue = false;
    showTape();
  });
}

function showTape() {
  fillTable(element("tape"), tape, {
    keyOf: (trade) => trade.i,
    cellsOf: ({ t, p, s, isUp }) => [[timeOfDay(Date.parse(t))], [price(p), `number ${isUp === undefined ? "" : isUp ? "up" : "down"}`], [quantity(s), "number"]],
    empty: "No trades yet",
  });
}

/** An answer to another key than the one that is connected now is nobody's. */
async function ask(method, path, body) {
  const asked = connection;
  const answer = await asked?.ask(method, path, body);
  if (!asked || asked !== connection) throw new NoAnswer("not connected any more");
  return answer;
}

/** What fails for want of a server shows as a lost connection, which mends itself. */
async function guarded(act) {
  const asked = connection;
  try {
    await act();
  } catch (error) {
    if (asked !== connection) return;
    if (error instanceof NoAnswer) connection.lost();
    else if (error instanceof Refused && error.status === 401) {
      connection.close();
      showState("refused");
    } else if (error instanceof Refused && key === undefined) {
      disconnect("Not connected");
      say(`The server does not let this key look: ${error.message}`, "bad");
    } else if (error instanceof Refused) say(error.message, "bad");
    else throw error;
  }
}

function say(text, kind = "") {
  const message = element("message");
  if (message.textContent === text) return;
  message.className = `notice ${kind}`;
  message.textContent = text;
}

/** `soon` asks for it at once, or `leastMs` after the last time; without being asked it comes every `mostMs`. */
function atMost(leastMs, mostMs, load) {
  let last = 0;
  let timer;
  let isRunning = false;
  let isAsked = false;
  const plan = (waitMs) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(run, waitMs);
  };
  async function run() {
    last = Date.now();
    isAsked = false;
    if (!document.hidden && connection?.mayPoll()) await guarded(load);
    if (isRunning) plan(isAsked ? leastMs : mostMs);
  }
  return {
    start() {
      isRunning = true;
      plan(mostMs);
    },
    stop() {
      isRunning = false;
      window.clearTimeout(timer);
    },
    now() {
      if (isRunning) plan(0);
    },
    soon() {
      if (!isRunning || isAsked) return;
      isAsked = true;
      plan(Math.max(0, last + leastMs - Date.now()));
    },
  };
}
