/** The cache's exchanges with Redis: each within its deadline, behind the breaker, and a miss where Redis fails. */
import { PaxxRedisError } from '../port/errors.ts';
import type { Command, RedisPort, Result, SendOptions } from '../port/types.ts';
import { Breaker } from './breaker.ts';
import type { Random } from '../port/clock.ts';
import { leaseOf } from './keys.ts';
import { BUMP, LEASE, PUBLISH } from './scripts.ts';

export interface StoreOptions {
  readonly port: RedisPort;
  readonly deadlineMs: number;
  readonly random: Random;
  readonly throws: boolean;
  readonly onTrouble: (error: Error) => void;
}

/** The version of a tag or namespace that was never invalidated. */
export const NEVER_BUMPED = '0';

/** What lies under a path. */
export interface Stored {
  /** Null: nothing. */
  readonly bytes: Uint8Array | null;
  /** Milliseconds that it has left; Infinity where it was not asked or has no end. */
  readonly leftMs: number;
}

export interface Leased extends Stored {
  readonly granted: boolean;
  /** Of the server, in milliseconds since the epoch. */
  readonly now: number;
}

export class Store {
  readonly port: RedisPort;
  readonly breaker: Breaker;
  private readonly options: StoreOptions;

  constructor(options: StoreOptions) {
    this.port = options.port;
    this.options = options;
    this.breaker = new Breaker(options.port.clock, options.random);
  }

  /**
   * Run an exchange. Undefined where Redis failed or is left alone for now.
   * @param urgent go even while the breaker is open: a deletion is worth a try
   */
  async attempt<T>(work: (options: SendOptions) => Promise<T>, urgent = false): Promise<T | undefined> {
    const { breaker, options } = this;
    if (!breaker.allows() && !urgent) {
      if (options.throws)
        throw new PaxxRedisError('UNAVAILABLE', 'Redis has failed repeatedly; it is left alone for now');
      return undefined;
    }
    try {
      const reply = await work({ deadlineMs: options.deadlineMs });
      breaker.succeeded();
      return reply;
    } catch (error) {
      if (isAnswer(error)) breaker.succeeded();
      else breaker.failed();
      if (options.throws) throw error;
      options.onTrouble(error as Error);
      return undefined;
    }
  }

  /** Values, then texts (versions), in one exchange. */
  async read(
    paths: readonly string[],
    versionKeys: readonly string[],
    withTtl: boolean,
  ): Promise<{ stored: Stored[]; versions: Map<string, string> } | undefined> {
    const step = withTtl ? 2 : 1;
    const results = await this.attempt((options) =>
      this.sendAll(
        [
          ...paths.flatMap((key) => [
            { args: ['GET', key] as const, key, readOnly: true },
            ...(withTtl ? [{ args: ['PTTL', key] as const, key, readOnly: true }] : []),
          ]),
          ...versionKeys.map((key) => ({ args: ['GET', key] as const, key, readOnly: true })),
        ],
        { ...options, buffers: true },
      ),
    );
    if (results === undefined) return undefined;
    const stored = paths.map((_, i) => ({
      bytes: bytesIn(results[i * step]),
      leftMs: withTtl ? leftIn(replyIn(results[i * step + 1])) : Infinity,
    }));
    const versions = new Map<string, string>();
    versionKeys.forEach((key, i) => {
      const result = results[paths.length * step + i];
      // One that could not be read is no version at all, and equal to none.
      if (result?.ok === true) versions.set(key, result.reply === null ? NEVER_BUMPED : textOf(result.reply));
    });
    return { stored, versions };
  }

  async lease(path: string, token: string, leaseMs: number): Promise<Leased | undefined> {
    const reply = await this.attempt((options) =>
      this.port.script(LEASE, [path, leaseOf(path)], [token, leaseMs], { ...options, buffers: true }),
    );
    if (!Array.isArray(reply)) return undefined;
    const [granted, now, left, bytes] = reply as unknown[];
    return {
      granted: Number(granted) === 1,
      now: Number(textOf(now)),
      leftMs: leftIn(left),
      bytes: bytes instanceof Uint8Array ? bytes : null,
    };
  }

  /** @returns whether the lease was still held, so that the bytes are stored now */
  async publish(path: string, token: string, bytes: Uint8Array | '', ms: number): Promise<boolean> {
    const keys = [path, leaseOf(path)];
    const reply = await this.attempt((options) => this.port.script(PUBLISH, keys, [token, bytes, ms], options));
    return reply === 1;
  }

  /** The fill leases go first: what began to compute before cannot be stored after. */
  async write(values: readonly { path: string; bytes: Uint8Array; ms: number }[]): Promise<boolean> {
    const results = await this.attempt((options) =>
      this.sendAll(
        values.flatMap(({ path, bytes, ms }) => [
          { args: ['DEL', leaseOf(path)] as const, key: path, idempotent: true },
          { args: ['SET', path, bytes, 'PX', ms] as const, key: path, idempotent: true },
        ]),
        options,
      ),
    );
    return this.allWell(results);
  }

  async remove(paths: readonly string[]): Promise<boolean> {
    const results = await this.attempt(
      (options) =>
        this.sendAll(
          paths.map((path) => ({ args: ['DEL', path, leaseOf(path)] as const, key: path, idempotent: true })),
          options,
        ),
      true,
    );
    return this.allWell(results);
  }

  async bump(keys: readonly string[]): Promise<boolean> {
    const done = await this.attempt(
      (options) => Promise.all(keys.map((key) => this.port.script(BUMP, [key], [], options))),
      true,
    );
    return done !== undefined;
  }

  /** A pipeline whose commands got no answer has failed as a whole, like any other exchange. */
  private async sendAll(commands: readonly Command[], options: SendOptions): Promise<readonly Result[]> {
    const results = await this.port.pipeline(commands, options);
    for (const result of results) {
      if (!result.ok && !isAnswer(result.error)) throw result.error;
    }
    return results;
  }

  /** Commands of a pipeline fail one by one. */
  private allWell(results: readonly Result[] | undefined): boolean {
    const failed = results?.find((result) => !result.ok);
    if (failed !== undefined && !failed.ok) {
      if (this.options.throws) throw failed.error;
      this.options.onTrouble(failed.error);
    }
    return results !== undefined && failed === undefined;
  }
}

/** A reply, even an error, is a sign of life. */
function isAnswer(error: unknown): boolean {
  return error instanceof PaxxRedisError && (error.code === 'REPLY' || error.code === 'OUT_OF_MEMORY');
}

function replyIn(result: Result | undefined): unknown {
  return result?.ok === true ? result.reply : undefined;
}

function bytesIn(result: Result | undefined): Uint8Array | null {
  const reply = replyIn(result);
  return reply instanceof Uint8Array ? reply : null;
}

/** PTTL says -1 where there is no end and -2 where there is nothing. */
function leftIn(reply: unknown): number {
  const left = typeof reply === 'number' ? reply : -1;
  return left < 0 ? Infinity : left;
}

function textOf(reply: unknown): string {
  return reply instanceof Uint8Array ? new TextDecoder().decode(reply) : String(reply);
}
