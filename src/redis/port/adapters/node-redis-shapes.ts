/** node-redis as far as the port uses it. Its own types are not imported: they cost a host's tsc seconds. */

export interface NodeRedisOptions {
  readonly socket?: { readonly host?: string; readonly port?: number; readonly path?: string };
  readonly disableOfflineQueue?: boolean;
  readonly [option: string]: unknown;
}

export interface NodeRedisBase {
  readonly isOpen: boolean;
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
  listenerCount(event: string): number;
  connect(): Promise<unknown>;
  destroy(): unknown;
}

export interface NodeRedisClient extends NodeRedisBase {
  readonly isReady: boolean;
  readonly options?: NodeRedisOptions;
  sendCommand(args: readonly (string | Buffer)[], options?: object): Promise<unknown>;
  duplicate(overrides?: object): NodeRedisClient;
  subscribe(channels: readonly string[], listener: MessageListener, buffers: true): Promise<unknown>;
  unsubscribe(channels: readonly string[]): Promise<unknown>;
}

export type MessageListener = (payload: unknown, channel: unknown) => void;

export interface NodeRedisCluster extends NodeRedisBase {
  readonly masters: readonly object[];
  readonly slots: readonly ({ readonly master: object } | undefined)[];
  /** The options it was made with; without them, defaults for its nodes are lost in a duplicate. */
  readonly _options?: { readonly defaults?: object };
  nodeClient(node: object): Promise<NodeRedisClient> | NodeRedisClient;
  sendCommand(
    firstKey: string | undefined,
    readOnly: boolean,
    args: readonly (string | Buffer)[],
    options?: object,
  ): Promise<unknown>;
  duplicate(overrides?: object): NodeRedisCluster;
}

export interface NodeRedisSentinel extends NodeRedisBase {
  readonly isReady: boolean;
  acquire(): Promise<unknown>;
  sendCommand(readOnly: boolean, args: readonly (string | Buffer)[], options?: object): Promise<unknown>;
  /** Runs the function with the client of the present master. */
  _execute<T>(readOnly: boolean, run: (client: NodeRedisClient) => Promise<T>): Promise<T>;
}

export interface NodeRedisPool extends NodeRedisBase {
  execute<T>(run: (client: NodeRedisClient) => T | Promise<T>): Promise<T>;
}

/** Runs the function with the client of the present master. Its underscore says internal; there is no other way. */
export function onMaster<T>(sentinel: NodeRedisSentinel, run: (client: NodeRedisClient) => Promise<T>): Promise<T> {
  const { [EXECUTE]: execute } = sentinel;
  return execute.call(sentinel, false, run) as Promise<T>;
}

/** The settings of a cluster's nodes, which a duplicate has to be given again. */
export function defaultsOf(cluster: NodeRedisCluster): object | undefined {
  return cluster[OPTIONS]?.defaults;
}

const EXECUTE = '_execute';
const OPTIONS = '_options';

export type AnyNodeRedis = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel | NodeRedisPool;

export function isNodeRedis(client: object): client is AnyNodeRedis {
  const { sendCommand, connect, isOpen } = client as Partial<NodeRedisClient>;
  return typeof sendCommand === 'function' && typeof connect === 'function' && typeof isOpen === 'boolean';
}

export function isNodeRedisCluster(client: AnyNodeRedis): client is NodeRedisCluster {
  return typeof (client as Partial<NodeRedisCluster>).nodeClient === 'function';
}

export function isNodeRedisSentinel(client: AnyNodeRedis): client is NodeRedisSentinel {
  const { acquire, [EXECUTE]: execute } = client as Partial<NodeRedisSentinel>;
  return typeof acquire === 'function' && typeof execute === 'function';
}

export function isNodeRedisPool(client: AnyNodeRedis): client is NodeRedisPool {
  return typeof (client as Partial<NodeRedisPool>).execute === 'function';
}

/** Version 6 brought `keyPrefix`, and with it this property. */
export function versionOf(client: object): 5 | 6 {
  return '_keyPrefix' in client ? 6 : 5;
}
