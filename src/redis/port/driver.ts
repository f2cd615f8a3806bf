/**
 * What an adapter brings: connections of a client, without deadlines, limits or retries, which the port adds.
 *
 * An adapter knows its client's ways to connect, call and tell of losses, and nothing else.
 */
import type { Argument } from './types.ts';

export type LinkState = 'idle' | 'connecting' | 'ready' | 'unavailable' | 'closed';

/** A connection, or a cluster client, over which commands are sent. */
export interface Link {
  /** unavailable: the last attempt to connect failed; the client goes on trying. */
  readonly state: LinkState;
  /** Why there is no connection, where that is known. */
  readonly cause: unknown;
  /** Where it goes, for messages. */
  readonly address: string;
  /** Start to connect, if that has not begun. */
  open(): void;
  /** Write a command now. Called while `state` is ready; the promise may never settle when the connection is lost. */
  call(args: WireArguments, route: Route): Promise<unknown>;
  /** Take a new connection in place of one that does not answer. Absent where the connection is not the port's. */
  reset?(): void;
  close(): void;
}

export type WireArguments = readonly [name: string, ...rest: (string | Buffer)[]];

export interface Route {
  readonly key: string | undefined;
  readonly buffers: boolean;
}

/** How a link tells its user. */
export interface LinkEvents {
  ready(): void;
  /** Commands under way will get no reply. */
  lost(cause: unknown): void;
  /** An attempt to connect failed. */
  down(cause: unknown): void;
  /** For good. */
  closed(cause: unknown): void;
}

/** A connection that receives messages. It is not made again when it is lost. */
export interface SubscriberLink {
  /** Connects. The connection's CLIENT ID. */
  open(): Promise<number>;
  subscribe(channels: readonly string[]): Promise<void>;
  unsubscribe(channels: readonly string[]): Promise<void>;
  ping(): Promise<unknown>;
  close(): void;
}

export interface SubscriberEvents {
  /** @param payload bytes; for `__redis__:invalidate` an array of bytes, or null */
  message(channel: string, payload: unknown): void;
  /** Once, whether or not it was ever connected. */
  lost(cause: unknown): void;
}

/** One server. */
export interface ServerNode {
  readonly id: string;
  /** A new connection to it. @param reconnect whether a lost one is made again */
  connect(events: LinkEvents, reconnect: boolean): Link;
  /** A new connection for messages, in RESP2: only there are invalidations messages with every client. */
  subscriber(events: SubscriberEvents): SubscriberLink;
}

export interface Driver {
  /** The client and its major version. */
  readonly name: string;
  readonly cluster: boolean;
  main(events: LinkEvents): Link;
  /** The master that holds a key; any one without a key. @param fresh what is known may be outdated */
  node(key: string | undefined, fresh?: boolean): Promise<ServerNode>;
}

/** Arguments as every client takes them. */
export function toWire(args: readonly [string, ...Argument[]]): WireArguments {
  for (let index = 1; index < args.length; index++) {
    const argument = args[index];
    if (typeof argument !== 'string' && !Buffer.isBuffer(argument)) return args.map(toWireArgument) as [string];
  }
  return args as WireArguments;
}

function toWireArgument(argument: Argument): string | Buffer {
  if (typeof argument === 'string') return argument;
  if (typeof argument === 'number') return String(argument);
  return Buffer.isBuffer(argument) ? argument : Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength);
}
