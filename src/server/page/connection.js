/**
 * One key's connection to the server: requests with the key in headers, and the two streams, which it authenticates by a
 * message as Alpaca's are.
 *
 * It is `live` once both streams listen, so that whoever loads the state then misses nothing; it is `lost` when one of them
 * ends, and tries again by itself, ever slower, until `close`. A key that the server does not take ends it as `refused`.
 * Requests that nobody waits for ask `mayPoll` first: the key's requests a minute belong to its owner's programs.
 */
/* global window, fetch, WebSocket, AbortSignal */
const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15000];
const ANSWER_WITHIN_MS = 10_000;
/** Below this part of the key's requests in the minute the page waits for the next minute. */
const POLLS_ABOVE = 0.25;

/** The stream goes on without the symbol: the form of its name, or one too many. */
const NOT_SUBSCRIBED = new Set([400, 405]);

/** The server said no: `status`, and its message. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Nobody knows what became of the request. */
export class NoAnswer extends Error {}

export class Connection {
  #keys;
  #tell;
  #sockets = [];
  #attempt = 0;
  #timer;
  #symbol;
  #allowance = { left: Infinity, of: Infinity, resetsAt: 0 };
  #isClosed = false;
  state = "connecting";

  /** `tell` has `state(name, detail)`, `live()`, `update(data)` and `market(message)`. */
  constructor(keys, tell) {
    this.#keys = keys;
    this.#tell = tell;
  }

  open() {
    this.#become("connecting");
    const isReady = { updates: false, market: false };
    const ready = (stream) => {
      isReady[stream] = true;
      if (!isReady.updates || !isReady.market || this.state === "live") return;
      this.#attempt = 0;
      this.#become("live");
      this.#tell.live();
    };
    this.#sockets = [this.#updates(() => ready("updates")), this.#market(() => ready("market"))];
  }

  close() {
    this.#isClosed = true;
    window.clearTimeout(this.#timer);
    for (const socket of this.#sockets) socket.close();
  }

  /** The trades and quotes of this symbol alone. */
  watch(symbol) {
    const before = this.#symbol;
    this.#symbol = symbol;
    if (this.state !== "live" || before === symbol) return;
    const [, market] = this.#sockets;
    if (before !== undefined) market.send(JSON.stringify({ action: "unsubscribe", trades: [before], quotes: [before] }));
    market.send(JSON.stringify({ action: "subscribe", trades: [symbol], quotes: [symbol] }));
  }

  mayPoll() {
    const { left, of, resetsAt } = this.#allowance;
    return this.state === "live" && (left > of * POLLS_ABOVE || Date.now() >= resetsAt);
  }

  /** The answer's JSON. Throws Refused or NoAnswer. */
  async ask(method, path, body) {
    const headers = { "APCA-API-KEY-ID": this.#keys.id, "APCA-API-SECRET-KEY": this.#keys.secret };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let answer;
    let text;
    try {
      answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
      text = await answer.text();
    } catch (cause) {
      throw new NoAnswer("the server does not answer", { cause });
    }
    this.#note(answer.headers);
    const json = parsed(text);
    // A gateway or a dying server may have done it all the same.
    if (answer.status >= 500 || (answer.ok && text !== "" && json === undefined)) throw new NoAnswer(json?.message ?? `the server answered with ${answer.status}`);
    if (!answer.ok) throw new Refused(answer.status, json?.message ?? `the server answered with ${answer.status}`);
    return json;
  }

  /** Something else found out that the server is gone. */
  lost(reason) {
    if (this.#isClosed || this.state === "lost" || this.state === "refused") return;
    for (const socket of this.#sockets) socket.close();
    const wait = RETRY_MS[Math.min(this.#attempt, RETRY_MS.length - 1)];
    this.#attempt += 1;
    this.#become("lost", { wait, reason });
    this.#timer = window.setTimeout(() => this.open(), wait);
  }

  #updates(ready) {
    const { id, secret } = this.#keys;
    return this.#socket("/stream", (socket, frame) => {
      if (frame.stream === "authorization" && frame.data.status !== "authorized") this.#refused();
      else if (frame.stream === "authorization") socket.send(JSON.stringify({ action: "listen", data: { streams: ["trade_updates"] } }));
      else if (frame.stream === "listening") ready();
      else if (frame.stream === "trade_updates") this.#tell.update(frame.data);
    }, (socket) => socket.send(JSON.stringify({ action: "auth", key: id, secret })));
  }

  #market(ready) {
    const { id, secret } = this.#keys;
    return this.#socket("/v2/sip", (socket, messages) => {
      for (const message of messages) {
        if (message.T === "error" && message.code === 402) this.#refused();
        else if (message.T === "error" && NOT_SUBSCRIBED.has(message.code)) ready();
        else if (message.T === "error") this.lost(message.msg);
        else if (message.T === "success" && message.msg === "connected") socket.send(JSON.stringify({ action: "auth", key: id, secret }));
        else if (message.T === "success") socket.send(JSON.stringify({ action: "subscribe", trades: list(this.#symbol), quotes: list(this.#symbol), statuses: ["*"] }));
        else if (message.T === "subscription") ready();
        else this.#tell.market(message);
      }
    });
  }

  #socket(path, heard, opened) {
    const socket = new WebSocket(`${window.location.protocol === "https:" ? "wss:" : "ws:"}//${window.location.host}${path}`);
    const isCurrent = () => !this.#isClosed && this.#sockets.includes(socket);
    if (opened) socket.addEventListener("open", () => opened(socket));
    socket.addEventListener("message", ({ data }) => {
      if (!isCurrent()) return;
      const frame = parsed(data);
      if (frame !== undefined) heard(socket, frame);
    });
    socket.addEventListener("close", () => {
      if (isCurrent()) this.lost();
    });
    return socket;
  }

  #refused() {
    this.#become("refused");
    this.close();
  }

  #become(state, detail) {
    this.state = state;
    this.#tell.state(state, detail);
  }

  #note(headers) {
    const [left, of, resets] = ["remaining", "limit", "reset"].map((name) => headers.get(`x-ratelimit-${name}`));
    if (left === null || of === null || resets === null) return;
    // By the server's clock, which need not be this one's.
    const waitMs = Number(resets) * 1000 - (Date.parse(headers.get("date") ?? "") || Date.now());
    this.#allowance = { left: Number(left), of: Number(of), resetsAt: Date.now() + waitMs };
  }
}

const list = (symbol) => (symbol === undefined ? [] : [symbol]);

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
