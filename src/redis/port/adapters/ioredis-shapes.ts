/** ioredis as far as the port uses it. Its own types are not imported: an app may have either client, or neither. */

export interface IoredisOptions {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string | null;
  readonly name?: string | null;
  readonly sentinels?: readonly unknown[] | null;
  readonly [option: string]: unknown;
}

interface Emitter {
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
  listenerCount(event: string): number;
}

interface Commands extends Emitter {
  readonly status: string;
  call(name: string, args: readonly (string | Buffer)[]): Promise<unknown>;
  callBuffer(name: string, args: readonly (string | Buffer)[]): Promise<unknown>;
  connect(): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
}

export interface IoredisClient extends Commands {
  readonly isCluster?: false;
  readonly options: IoredisOptions;
  readonly stream?: {
    readonly writable: boolean;
    cork?(): void;
    uncork?(): void;
    destroy(): void;
  } | null;
  duplicate(options?: object): IoredisClient;
  subscribe(channels: readonly string[]): Promise<unknown>;
  unsubscribe(channels: readonly string[]): Promise<unknown>;
}

export interface IoredisCluster extends Commands {
  readonly isCluster: true;
  readonly options: IoredisOptions & { readonly redisOptions?: IoredisOptions };
  readonly slots?: readonly (readonly string[] | undefined)[];
  nodes(role: 'master'): readonly IoredisClient[];
  duplicate(nodes?: readonly unknown[], options?: object): IoredisCluster;
  refreshSlotsCache?(): void;
}

export function isIoredis(client: object): client is IoredisClient | IoredisCluster {
  const { call, callBuffer, duplicate, status } = client as Partial<IoredisClient>;
  return (
    typeof call === 'function' &&
    typeof callBuffer === 'function' &&
    typeof duplicate === 'function' &&
    typeof status === 'string'
  );
}

export function isIoredisCluster(client: IoredisClient | IoredisCluster): client is IoredisCluster {
  return client.isCluster === true;
}

/** From version 6 on it speaks RESP3 and has an option for the shape of replies. */
export function versionOf(options: IoredisOptions): 5 | 6 {
  return 'replyMapping' in options ? 6 : 5;
}
