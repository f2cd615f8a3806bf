/**
 * RedisPort: the small interface that primitives and the cache are written against.
 *
 * It carries what a bare `send(args)` lacks: the key (a cluster routes by it), the read-only and idempotent marks
 * (retries and replicas depend on them), deadlines that hold even when the server is frozen, and scripts.
 */
import type { Clock, Random } from './clock.ts';
import type { Script } from './script.ts';

/** Numbers are sent in decimal. */
export type Argument = string | number | Uint8Array;

/**
 * The same with every client and in both protocol versions: maps are flat arrays of keys and values, as in RESP2;
 * booleans are 1 and 0; doubles are strings. Integers beyond 2^52 lose their last digits in some clients'
 * decoders: have scripts return such as strings. An error inside an array, as of EXEC, rejects the call.
 * Where the versions nest differently, as in XREAD, `toStreams` reads both; scripts returning flat arrays never do.
 */
export type Reply = string | number | bigint | Uint8Array | null | readonly Reply[];

export interface Command {
  readonly args: readonly [name: string, ...rest: Argument[]];
  /** The key by which a cluster routes it. All keys of one command share a hash tag. */
  readonly key?: string;
  /** Changes nothing. */
  readonly readOnly?: boolean;
  /** To carry it out twice is the same as once, so it may be sent again when its outcome is unknown. */
  readonly idempotent?: boolean;
}

export interface SendOptions {
  /** Rejects with ABORTED at once. What was already sent may still be carried out. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds within which the call settles, whatever the server does; then TIMEOUT. Default: the port's.
   * A reply that comes later is dropped. Where there was no connection all the while: UNAVAILABLE.
   */
  readonly deadlineMs?: number;
  /** Strings, statuses such as OK included, as bytes instead of UTF-8 text. */
  readonly buffers?: boolean;
}

/** How one command of a pipeline ended. */
export type Result = { readonly ok: true; readonly reply: Reply } | { readonly ok: false; readonly error: Error };

export interface Capabilities {
  /** Of the server, such as `7.0.15`. */
  readonly version: string;
  readonly flavour: 'redis' | 'valkey' | 'other';
  readonly cluster: boolean;
  /** Whether `track` works here. */
  readonly tracking: boolean;
}

export type PortState = 'connecting' | 'ready' | 'unavailable' | 'closed';

/** What ports and sessions have in common. Rejections are PaxxRedisError: ABORTED, TIMEOUT, UNAVAILABLE, OVERLOADED, CLOSED, REPLY, OUT_OF_MEMORY. */
export interface Sender {
  /** Time for deadlines and for the validity of what is held. */
  readonly clock: Clock;
  /** Send one command. Nothing is sent twice unless it is `readOnly` or `idempotent`. */
  send(command: Command, options?: SendOptions): Promise<Reply>;
  /** EVALSHA, and EVAL where the server does not know the script. All keys share a hash tag. */
  script(script: Script, keys: readonly string[], args: readonly Argument[], options?: SendOptions): Promise<Reply>;
  /** Send all at once; each settles by itself. Rejects only where nothing was sent. */
  pipeline(commands: readonly Command[], options?: SendOptions): Promise<readonly Result[]>;
}

export interface RedisPort extends Sender, AsyncDisposable {
  /** The client and its major version, such as `ioredis 5`. */
  readonly name: string;
  readonly state: PortState;
  /** Milliseconds: the deadline of calls that set none. */
  readonly defaultDeadlineMs: number;
  /** For jitter and names; `Math.random` where absent. Simulations seed it. */
  readonly random?: Random;
  /** Asked of the server once and kept. */
  capabilities(options?: SendOptions): Promise<Capabilities>;
  /** A connection of its own, for commands that block or that belong together. */
  session(options?: SessionOptions): Promise<RedisSession>;
  /** Messages of channels, over one connection that all subscriptions of the port share. */
  subscribe(channels: readonly string[], listener: SubscriptionListener, options?: SendOptions): Promise<Subscription>;
  /** Reads of which the server tells when what they read changes. @throws PaxxRedisError UNSUPPORTED where there is no tracking. */
  track(listener: TrackingListener, options?: SendOptions): Promise<Tracker>;
  /** Ends what the port itself opened. The client that it stands on stays its owner's. */
  close(): Promise<void>;
}

export interface SessionOptions extends SendOptions {
  /** In a cluster, the key whose node the connection goes to. */
  readonly key?: string;
}

/** Connects again by itself when it is lost; what the server knew of the connection (WATCH, MULTI) is then gone. */
export interface RedisSession extends Sender, AsyncDisposable {
  /** Makes a blocked command of this session return now, as if its time were up; from another connection. */
  unblock(): Promise<boolean>;
  close(): Promise<void>;
}

export interface SubscriptionListener {
  message(channel: string, payload: string): void;
  /** Messages may have been missed: the connection was lost and is back. */
  gap?(): void;
}

export interface Subscription extends AsyncDisposable {
  close(): Promise<void>;
}

export interface TrackingListener {
  /** These keys may have changed; null: any key may have (reconnected, flushed). */
  changed(keys: readonly string[] | null): void;
}

/** Over one connection that all trackers of the port share (CLIENT TRACKING, OPTIN). */
export interface Tracker extends AsyncDisposable {
  /**
   * Sends a read; the keys it reads are reported once when they next change, to all trackers of the port. The report
   * takes another connection, so it may come before the read's own reply: remember it until then.
   */
  read(command: Command, options?: SendOptions): Promise<Reply>;
  /**
   * By the port's clock: until then, what was read and not reported may be relied on. It moves on with each probe that
   * is answered; once it has passed, as in a process that stood still, reports may lie unread. Infinity while nothing
   * is tracked: all has been reported then.
   */
  readonly validUntil: number;
  close(): Promise<void>;
}
