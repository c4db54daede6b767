/**
 * Which server a broker talks to. Paper is the default; real money is reached in one way only.
 *
 * A `TradingHost` cannot be written as a literal: its class is not exported, and its base path is a private field that
 * `basePathOf` insists on. `liveTrading` makes the only one that names a live host, and asks for two words that the
 * config and the operator have to say separately. Every other of Alpaca's own hosts is refused by `compatibleServer`,
 * which is for servers that speak Alpaca's protocol, such as the simulator's.
 */
class Host {
  readonly #basePath: string;
  readonly venue: "paper" | "compatible" | "live";

  constructor(venue: "paper" | "compatible" | "live", basePath: string) {
    this.venue = venue;
    this.#basePath = basePath;
  }

  static basePathOf(host: Host): string {
    return host.#basePath;
  }
}

export type TradingHost = Host;

export const paperTrading: TradingHost = new Host("paper", "https://paper-api.alpaca.markets");

/** @throws RangeError for what is no http(s) URL, and for every host of Alpaca's own. */
export function compatibleServer(url: string): TradingHost {
  return new Host("compatible", compatibleBasePath(url));
}

export interface LiveConfirmation {
  /** The venue as the config file states it. */
  readonly configuredVenue: "live";
  /** What the operator confirms for this start. */
  readonly confirmation: "trade real money";
}

/** @throws RangeError unless both words are there. */
export function liveTrading(confirmed: LiveConfirmation): TradingHost {
  const { configuredVenue, confirmation } = confirmed as { configuredVenue?: unknown; confirmation?: unknown };
  if (configuredVenue !== "live") throw new RangeError('live trading needs the venue "live" in the config');
  if (confirmation !== "trade real money") throw new RangeError('live trading needs the confirmation "trade real money"');
  return new Host("live", "https://api.alpaca.markets");
}

/** @throws TypeError for an object that none of the functions above made. */
export function basePathOf(host: TradingHost): string {
  return Host.basePathOf(host);
}

const ALPACA_DATA = "https://data.alpaca.markets";

/** Where market data come from: Alpaca's data host, which places no orders, or a compatible server. */
export function dataBasePath(url: string = ALPACA_DATA): string {
  return url === ALPACA_DATA ? url : compatibleBasePath(url);
}

function compatibleBasePath(url: string): string {
  const { protocol, hostname, username, search, hash, href } = parsed(url);
  if (protocol !== "http:" && protocol !== "https:") throw new RangeError(`not an http(s) URL: ${url}`);
  if (username !== "" || search !== "" || hash !== "") throw new RangeError(`a base path has no user, query or fragment: ${url}`);
  if (/(^|\.)alpaca\.markets\.?$/.test(hostname)) throw new RangeError(`${hostname} is a host of Alpaca's own, not a compatible server`);
  return href.replace(/\/+$/, "");
}

function parsed(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw new RangeError(`not an http(s) URL: ${url}`);
  }
}
