/**
 * A market without data: seeded agents that quote, take and follow, once in each second of the market's time.
 *
 * For each symbol there is a market maker around a fair value that wanders, a noise trader, a momentum trader and one
 * that takes what is offered. After a pause only the last ten minutes of it are played.
 */
import { moneyOf, shares, type Price } from "../money.ts";
import { liquidityTaker, marketMaker, momentumTrader, noiseTrader, type Agent, type AgentMemory } from "../simulator/agents.ts";
import type { Exchange } from "../simulator/exchange.ts";
import { Prng } from "../simulator/prng.ts";
import type { Instant } from "../time.ts";
import type { AccountName, ClientOrderId, Symbol } from "../trade.ts";
import type { MarketSource } from "./market-source.ts";

const SECOND_MS = 1_000;
const SECONDS_PLAYED_MAX = 600;
const AGENT_CASH = moneyOf("100000000");
const AGENT_TERMS = { multiplier: 4, shorting: true, debitInterestBps: 0, borrowFeeBps: 0 } as const;
const STOCK = 100_000;
const CENT = 10_000;

export function agentMarket(symbols: readonly Symbol[], seed: number, hours: "calendar" | "always"): MarketSource {
  return {
    symbols,
    hours,
    open(exchange, restored) {
      const remembered = restored?.state as readonly AgentMemory[] | undefined;
      const seats = symbols.flatMap((symbol) => ROLES.map((role) => ({ role, symbol, account: `agents/${role}/${symbol}` as AccountName })));
      if (!restored) {
        for (const { account } of seats) exchange.openAccount(account, AGENT_CASH, AGENT_TERMS);
        for (const [index, symbol] of symbols.entries()) issue(exchange, symbol, fairValueOf(seed, index));
      }
      const agents = seats.map(({ role, symbol, account }, index) => {
        const memory = remembered?.[index];
        return agentOf(role, { account, symbol, memory, chance: memory ? Prng.restore(memory.chance) : new Prng(seed * 1_000 + index) }, fairValueOf(seed, symbols.indexOf(symbol)));
      });
      let hasMoved = false;
      return {
        advanceTo(at) {
          hasMoved = play(exchange, agents, at) || hasMoved;
        },
        hasMoved() {
          const moved = hasMoved;
          hasMoved = false;
          return moved;
        },
        snapshot: () => ({ at: exchange.now, state: agents.map((agent) => agent.memory()) }),
      };
    },
  };
}

/** The makers' stock comes from an issuer, who is short of it for ever. */
function issue(exchange: Exchange, symbol: Symbol, price: Price): void {
  const issuer = `agents/issuer/${symbol}` as AccountName;
  exchange.openAccount(issuer, AGENT_CASH, AGENT_TERMS);
  for (const [account, side] of [[issuer, "sell"], [`agents/maker/${symbol}` as AccountName, "buy"]] as const) {
    exchange.place(account, { clientOrderId: `${account}/stock` as ClientOrderId, symbol, side, type: "limit", quantity: shares(STOCK), timeInForce: "gtc", limitPrice: price });
  }
}

function play(exchange: Exchange, agents: readonly Agent[], at: Instant): boolean {
  const last = Math.floor(at / SECOND_MS);
  const first = Math.max(Math.floor(exchange.now / SECOND_MS) + 1, last - SECONDS_PLAYED_MAX + 1);
  for (let second = first; second <= last; second += 1) {
    exchange.setTime((second * SECOND_MS) as Instant);
    for (const agent of agents) agent.act(exchange);
  }
  exchange.setTime(at);
  return last >= first;
}

const ROLES = ["maker", "noise", "momentum", "taker"] as const;

function agentOf(role: (typeof ROLES)[number], seat: Parameters<typeof noiseTrader>[0], fairValue: Price): Agent {
  switch (role) {
    case "maker":
      return marketMaker(seat, fairValue, { halfSpreadCents: 2, levels: 5, size: 500, stock: STOCK });
    case "noise":
      return noiseTrader(seat, { rangeCents: 8, sizeMax: 100, openMax: 20 });
    case "momentum":
      return momentumTrader(seat, { memory: 10, size: 20 });
    case "taker":
      return liquidityTaker(seat, { oneIn: 3, sizeMax: 200 });
  }
}

/** From 20 to 400 dollars. */
function fairValueOf(seed: number, index: number): Price {
  return (new Prng(seed * 1_000_003 + index).integer(2_000, 40_000) * CENT) as Price;
}
