/** Next's values and tags in Redis: what was revalidated counts in every instance, and Redis in trouble is a miss. */
import { createHash } from 'node:crypto';
import { decodeEntry, encodeEntry } from '../cache/envelope.ts';
import type { Codec } from '../cache/envelope.ts';
import type { Compression } from '../cache/index.ts';
import { v8Serializer } from '../cache/serializer.ts';
import { Store } from '../cache/store.ts';
import type { Timer } from '../port/clock.ts';
import { milliseconds } from '../port/durations.ts';
import type { Duration } from '../port/durations.ts';
import type { RedisPort, Reply } from '../port/types.ts';
import { READ_TAGS, REVALIDATE } from './next-scripts.ts';

export interface NextStoreOptions {
  /** A function is called when the first value is asked for: builds need no Redis. */
  readonly port: RedisPort | (() => RedisPort);
  /** In front of every key: the handlers of one app share it, apps that share a Redis do not. Default `next`. */
  readonly prefix?: string;
  /** The longest that Redis keeps a value, whatever Next says. Default 30 days. */
  readonly maxTtl?: Duration;
  /** How long one exchange with Redis may take before it counts as a miss. Default 150 ms. */
  readonly redisDeadline?: Duration;
  /** Compress what is long. Default off. */
  readonly compression?: Compression;
  /** Read and write values while `next build` runs, too. Default false. */
  readonly duringBuild?: boolean;
  /** Told of errors that became misses. */
  readonly onTrouble?: (error: Error) => void;
  /** The time of day as Next sees it, in milliseconds. */
  readonly now?: () => number;
}

/** What is stored of a value besides itself. */
export interface Stamped<T> {
  readonly value: T;
  readonly tags: readonly string[];
  /** Server's µs before it was made: what was revalidated since counts. */
  readonly stamp: number;
}

export interface Found<T> extends Stamped<T> {
  /** One of its tags was revalidated, such that it may be served while it is made anew. */
  readonly stale: boolean;
}

interface Times {
  readonly now: number;
  readonly born: number;
  readonly tags: ReadonlyMap<string, { readonly expired: number; readonly stale: number; readonly until: number }>;
}

interface Revalidation {
  readonly tags: readonly string[];
  readonly expireSeconds: number | undefined;
  readonly how: 'now' | 'stale';
}

const RETRY_MS = 1000;

export class NextStore {
  readonly maxTtlMs: number;
  /** Next's clock. */
  readonly now: () => number;
  private readonly options: NextStoreOptions;
  private readonly codec: Codec;
  private readonly prefix: string;
  private opened: Store | undefined;
  /** Revalidations that Redis has not heard of. Until it has, there are only misses. */
  private unsent: Revalidation[] = [];
  private retry: Timer | undefined;
  /** Server's time less Next's, in milliseconds; at most the true difference. */
  private ahead: number | undefined;

  constructor(options: NextStoreOptions) {
    this.options = options;
    this.prefix = options.prefix ?? 'next';
    this.now = options.now ?? (() => performance.timeOrigin + performance.now());
    this.maxTtlMs = milliseconds(options.maxTtl ?? '30d', 'maxTtl');
    this.codec = { serializer: v8Serializer(), compression: options.compression };
    milliseconds(options.redisDeadline ?? 150, 'redisDeadline');
  }

  /** While an app is built. */
  get idle(): boolean {
    return this.options.duringBuild !== true && process.env['NEXT_PHASE'] === 'phase-production-build';
  }

  /** Undefined where there is none, it is gone by a revalidation, or Redis fails. @param tags that count besides its own */
  async look<T>(key: string, tags: readonly string[]): Promise<Found<T> | undefined> {
    if (this.idle || !(await this.sendUnsent(false))) return undefined;
    const path = this.pathOf(key);
    const replies = await this.attempt((store, options) =>
      Promise.all([
        store.port.send({ args: ['GET', path], key: path, readOnly: true }, { ...options, buffers: true }),
        this.readTimes(store, tags, options),
      ]),
    );
    if (replies === undefined) return undefined;
    const [bytes, times] = replies;
    const entry = bytes instanceof Uint8Array ? decodeEntry(bytes, this.codec) : undefined;
    const stored = entry?.value as Partial<Stamped<T>> | undefined;
    if (!isStamped(stored)) return undefined;
    const known = new Map(times.tags);
    const missing = stored.tags.filter((tag) => !known.has(tag));
    if (missing.length > 0) {
      const more = await this.attempt((store, options) => this.readTimes(store, missing, options));
      if (more === undefined) return undefined;
      for (const [tag, when] of more.tags) known.set(tag, when);
    }
    return judge(stored, { ...times, tags: known });
  }

  /** @param ttlMs as Next says; Infinity: it does not */
  async write(key: string, value: Stamped<unknown>, ttlMs: number): Promise<void> {
    if (this.idle) return;
    const ms = Math.floor(Math.min(ttlMs, this.maxTtlMs));
    const bytes = encodeEntry({ value, negative: false, grace: 0, tags: {}, computeMs: 0, createdAt: 0 }, this.codec);
    if (!(ms > 0) || bytes === undefined) return;
    const path = this.pathOf(key);
    await this.attempt((store, options) =>
      store.port.send({ args: ['SET', path, bytes, 'PX', ms], key: path, idempotent: true }, options),
    );
  }

  /** @param expireSeconds undefined together with `how` stale: no end */
  async revalidate(tags: readonly string[], how: Revalidation['how'], expireSeconds?: number): Promise<void> {
    if (tags.length === 0 || this.idle) return;
    const again = (one: Revalidation): boolean =>
      one.how === how && one.expireSeconds === expireSeconds && one.tags.join('\n') === tags.join('\n');
    if (!this.unsent.some(again)) this.unsent.push({ tags, how, expireSeconds });
    await this.sendUnsent(true);
  }

  /** Server's µs at a past moment of Next's clock, or a little before it. */
  async stampAt(timestampMs: number): Promise<number> {
    if (this.ahead === undefined) await this.attempt((store, options) => this.readTimes(store, [], options));
    return Math.round((timestampMs + (this.ahead ?? 0)) * 1000);
  }

  /** @param urgent try even while Redis is left alone for a while */
  private async sendUnsent(urgent: boolean): Promise<boolean> {
    while (this.unsent.length > 0) {
      const next = this.unsent[0]!;
      const { tags, how, expireSeconds } = next;
      const expires =
        expireSeconds === undefined || !Number.isFinite(expireSeconds) ? '' : micros(expireSeconds * 1000);
      const args = [how, expires, micros(this.maxTtlMs), ...tags.map(fieldOf)];
      const done = await this.attempt(
        (store, options) => store.port.script(REVALIDATE, [this.tagsKey()], args, options),
        urgent,
      );
      if (done === undefined) {
        this.retryLater();
        return false;
      }
      this.unsent = this.unsent.filter((one) => one !== next);
    }
    return true;
  }

  /** Other instances serve what was revalidated until it is sent. */
  private retryLater(): void {
    this.retry ??= this.store().port.clock.after(RETRY_MS, () => {
      this.retry = undefined;
      void this.sendUnsent(false);
    });
  }

  private async readTimes(store: Store, tags: readonly string[], options: { deadlineMs?: number }): Promise<Times> {
    const reply = (await store.port.script(
      READ_TAGS,
      [this.tagsKey()],
      tags.map(fieldOf),
      options,
    )) as readonly Reply[];
    const now = Number(reply[0]);
    this.ahead = now / 1000 - this.now();
    const found = tags.map((tag, i) => {
      const [expired = 0, stale = 0, until = 0] = String(reply[i + 2])
        .split(' ')
        .map(Number);
      return [tag, { expired, stale, until }] as const;
    });
    return { now, born: Number(reply[1]), tags: new Map(found) };
  }

  private attempt<T>(
    work: (store: Store, options: { deadlineMs?: number }) => Promise<T>,
    urgent = false,
  ): Promise<T | undefined> {
    const store = this.store();
    return store.attempt((options) => work(store, options), urgent);
  }

  private store(): Store {
    const { port, redisDeadline, onTrouble = () => {} } = this.options;
    if (this.opened !== undefined) return this.opened;
    const made = typeof port === 'function' ? port() : port;
    this.opened = new Store({
      port: made,
      random: made.random ?? Math.random,
      deadlineMs: milliseconds(redisDeadline ?? 150, 'redisDeadline'),
      throws: false,
      onTrouble,
    });
    return this.opened;
  }

  /** Next's keys can hold all the arguments of a function. */
  private pathOf(key: string): string {
    const short = key.length <= 200 ? key : createHash('sha256').update(key).digest('base64url');
    return `${this.prefix}:{${short}}`;
  }

  private tagsKey(): string {
    return `${this.prefix}:tags`;
  }
}

function isStamped<T>(stored: Partial<Stamped<T>> | undefined): stored is Stamped<T> {
  return typeof stored?.stamp === 'number' && Array.isArray(stored.tags) && 'value' in stored;
}

function judge<T>(stored: Stamped<T>, { now, born, tags }: Times): Found<T> | undefined {
  if (stored.stamp < born) return undefined;
  let stale = false;
  for (const times of tags.values()) {
    if (times.expired >= stored.stamp) return undefined;
    if (times.stale < stored.stamp) continue;
    if (times.until > 0 && times.until <= now) return undefined;
    stale = true;
  }
  return { ...stored, stale };
}

function fieldOf(tag: string): string {
  return `t:${tag}`;
}

function micros(ms: number): string {
  return (ms * 1000).toFixed(0);
}
