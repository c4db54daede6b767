/** What the server is made of: who may ask, what it is told, and what its routes get to work with. */
import type { SecureContextOptions } from "node:tls";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { Instant } from "../time.ts";
import type { AccountName } from "../trade.ts";
import type { VenueCommand } from "./commands.ts";
import type { Venue } from "./venue.ts";
import type { VenueReply } from "./venue-replies.ts";

/** Who a request is from. */
export interface Identity {
  readonly keyId: string;
  readonly account: AccountName;
  readonly scopes: ReadonlySet<Scope>;
}

export type Scope = "trade" | "read" | "admin";

export interface Authenticator {
  /** Undefined for a key that is unknown, revoked or over, and for a wrong secret. */
  authenticate(keyId: string, secret: string): Identity | undefined;
}

export interface Journaled {
  /** Resolves when the command is durable, in the order of the calls. */
  append(command: VenueCommand): Promise<void>;
}

export interface ServerSettings {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly venue: Venue;
  readonly time: TimeSettings;
  readonly authenticator: Authenticator;
  /** With "memory" nothing outlives the process. */
  readonly journal: Journaled | "memory";
  /** For each key. */
  readonly requestsPerMinute: number;
  /** The fields that Alpaca removed on 2026-07-06. */
  readonly legacyPatternDayTrader: boolean;
  /** Origins of web pages that may call; none unless it says otherwise. */
  readonly corsOrigins?: readonly string[];
  readonly tls?: Required<Pick<SecureContextOptions, "key" | "cert">>;
  readonly connectionsMax?: number;
  /** Errors of its own and, at the level debug, a line for each request; silent without one. */
  readonly log?: FastifyBaseLogger;
  /** More routes and hooks, before the server listens. */
  readonly extend?: (parts: ServerParts) => void | Promise<void>;
}

export type TimeSettings =
  | { readonly mode: "stepped" }
  /** From one instant of the market's timetable to the next, as soon as the streams have taken what they were sent. */
  | { readonly mode: "unpaced" }
  /** Market time goes on from the venue's own at `speed` times the clock's pace. */
  | { readonly mode: "real"; readonly speed: number; readonly clock: () => number; readonly tickMs: number };

export interface ServerParts {
  readonly app: FastifyInstance;
  readonly venue: Venue;
  readonly settings: ServerSettings;
  /** The market's time now. */
  now(): Instant;
  /** Stamps the command with the market's time, makes it durable and applies it. */
  execute(command: Unstamped): Promise<VenueReply>;
}

export interface RunningServer extends ServerParts {
  readonly url: string;
  /** Stepped time moves to `at`. */
  moveTo(at: Instant): Promise<void>;
  /** Answers what has come and takes nothing more. */
  close(): Promise<void>;
}

/** A command without its instant. */
export type Unstamped = VenueCommand extends infer C ? (C extends VenueCommand ? Omit<C, "at"> : never) : never;
