/**
 * getOrCompute: look, ask for the fill lease, compute once, publish if the lease is still held.
 *
 * In this process callers of a path share a flight; among processes the fill lease decides who computes. A deletion
 * takes the lease away and sets the flight apart, so that what began before it is neither stored nor joined.
 * @see https://www.usenix.org/conference/nsdi13/technical-sessions/presentation/nishtala (leases)
 */
import type { Clock, Random } from '../port/clock.ts';
import { isPaxxRedisError, PaxxRedisError } from '../port/errors.ts';
import { computeValue } from './compute.ts';
import type { Computed } from './compute.ts';
import { decodeEntry, encodeEntry } from './envelope.ts';
import type { Codec, Entry } from './envelope.ts';
import { jittered } from './lifetimes.ts';
import type { Lifetimes } from './lifetimes.ts';
import type { Found, Near } from './near.ts';
import type { Compute, Freshness } from './options.ts';
import type { Reader, Target } from './reader.ts';
import { NEVER_BUMPED } from './store.ts';
import type { Store } from './store.ts';

export interface Job extends Target {
  /** Version keys of the tags that the caller names. */
  readonly tagKeys: readonly string[];
  readonly tagKey: (tag: string) => string;
  readonly lifetimes: Lifetimes;
  readonly earlyRefresh: number;
  /** Record when the value was computed. */
  readonly stamped: boolean;
  readonly compute: Compute<unknown>;
  /** What a value must be; throws where a computed one is not. */
  readonly check: ((value: unknown) => Promise<unknown>) | undefined;
}

/** What a call ends with; `bytes` give each caller a copy of its own. */
export interface Outcome {
  readonly how: Freshness;
  readonly value: unknown;
  readonly bytes: Uint8Array | undefined;
  /** It counted when the flight ended, not only when it began: whoever joined in between may have it too. */
  readonly confirmed?: boolean;
}

/** What is known before anything is computed. */
interface First {
  readonly fresh?: Outcome;
  readonly stale?: Outcome;
}

interface Flight {
  readonly job: Job;
  /** Callers that came before this have it as if they had started it; later ones have joined what was under way. */
  readonly stamp: number;
  joined: boolean;
  readonly controller: AbortController;
  readonly first: Promise<First>;
  readonly result: Promise<Outcome>;
  /** Deleted or overwritten meanwhile: what it computes is not stored. */
  apart: boolean;
  waiters: number;
  /** Somebody got an answer already; the computation is for those who come later. */
  background: boolean;
  /** Nothing is left to do. */
  over: boolean;
}

export interface FillerOptions {
  readonly store: Store;
  readonly reader: Reader;
  readonly near: Near | undefined;
  readonly codec: Codec;
  readonly random: Random;
  readonly jitter: number;
}

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 200;
/** What is computed while Redis is away stays in L1 for so long. */
const ALONE_MS = 1000;

export class Filler {
  private readonly options: FillerOptions;
  private readonly clock: Clock;
  private readonly flights = new Map<string, Flight>();
  private sequence = 0;

  constructor(options: FillerOptions) {
    this.options = options;
    this.clock = options.store.port.clock;
  }

  /**
   * A read that was sent before a caller came may be older than what the caller knows to be invalidated. So whoever
   * joins a flight gets what it computes only if that still counted in the end; else the next flight is theirs.
   */
  async getOrCompute(job: Job, signal: AbortSignal | undefined): Promise<Outcome> {
    const began = ++this.sequence;
    for (;;) {
      if (signal?.aborted === true) throw aborted(signal);
      const near = this.fromNear(job);
      if (near !== undefined) return near;
      const flight = this.flights.get(job.path) ?? this.start(job);
      const joined = flight.stamp < began;
      if (joined) flight.joined = true;
      flight.waiters++;
      try {
        const outcome = await untilAborted(this.answer(flight, job, joined), signal);
        if (!joined || outcome.confirmed === true) return outcome;
      } finally {
        flight.waiters--;
        // The error that this makes, with its trace, costs more than all the rest of a hit.
        if (flight.waiters === 0 && !flight.background && !flight.over) flight.controller.abort();
      }
    }
  }

  /** Nobody joins what is running for these paths, and it stores nothing. All paths where none are given. */
  setApart(paths?: readonly string[]): void {
    for (const path of paths ?? [...this.flights.keys()]) {
      const flight = this.flights.get(path);
      if (flight === undefined) continue;
      flight.apart = true;
      this.flights.delete(path);
    }
  }

  private start(job: Job): Flight {
    let tellFirst!: (first: First) => void;
    const first = new Promise<First>((resolve) => (tellFirst = resolve));
    const controller = new AbortController();
    const stamp = ++this.sequence;
    const flags = { joined: false, apart: false, background: false, over: false };
    const state = { job, stamp, controller, first, waiters: 0, ...flags };
    const flight: Flight = Object.assign(state, { result: undefined as unknown as Promise<Outcome> });
    this.flights.set(job.path, flight);
    const result = this.run(flight, tellFirst).finally(() => {
      flight.over = true;
      tellFirst({});
      this.close(flight);
    });
    result.catch(() => {});
    return Object.assign(flight, { result });
  }

  /** Nobody joins any more. */
  private close(flight: Flight): void {
    if (this.flights.get(flight.job.path) === flight) this.flights.delete(flight.job.path);
  }

  private async answer(flight: Flight, { lifetimes }: Job, joined: boolean): Promise<Outcome> {
    const { fresh, stale } = await flight.first;
    if (fresh !== undefined) return fresh;
    if (stale === undefined || joined) return flight.result;
    if (lifetimes.softMs <= 0) return stale;
    return new Promise((resolve) => {
      const timer = this.clock.after(lifetimes.softMs, () => resolve(stale));
      flight.result.then(resolve, () => resolve(stale)).finally(() => timer.cancel());
    });
  }

  private async run(flight: Flight, tellFirst: (first: First) => void): Promise<Outcome> {
    const { job } = flight;
    const look = await this.options.reader.read(job, job.tagKeys);
    if (look === undefined) return this.computeAlone(flight);
    const known = look.found === undefined ? undefined : outcomeOf(look.found);
    const usable = known !== undefined && (await this.fits(job, known)) ? known : undefined;
    if (usable === undefined || look.found!.freshMs <= 0) {
      if (usable !== undefined) this.goOnInBackground(flight);
      tellFirst(usable === undefined ? {} : { stale: usable });
      return this.fill(flight, look.versions, usable);
    }
    const early = this.isTimeToRefresh(job, look.found!);
    if (early) this.goOnInBackground(flight);
    else flight.over = true;
    tellFirst({ fresh: usable });
    if (!early) return usable;
    return this.fill(flight, look.versions, usable, true).catch(() => usable);
  }

  /** Callers have their answer from the read, so those who come later need a read of their own. */
  private goOnInBackground(flight: Flight): void {
    flight.background = true;
    this.close(flight);
  }

  /** @param early a fresh value is there: compute only if the lease is to be had */
  private async fill(
    flight: Flight,
    before: ReadonlyMap<string, string>,
    stale: Outcome | undefined,
    early = false,
  ): Promise<Outcome> {
    const { job } = flight;
    const { store, reader, random } = this.options;
    const { leaseMs } = job.lifetimes;
    const token = newToken(random);
    let versions = before;
    let patience = leaseMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
      const leased = await store.lease(job.path, token, leaseMs);
      if (leased === undefined) return stale ?? this.computeAlone(flight);
      const { found } = early ? { found: undefined } : await reader.judge(leased, job, versions);
      if (found !== undefined && found.freshMs > 0) {
        const outcome = outcomeOf(found);
        if (await this.fits(job, outcome)) {
          if (leased.granted) await store.publish(job.path, token, '', 1);
          return outcome;
        }
      }
      if (leased.granted) return this.computeWithLease(flight, versions, token, leased.now, stale);
      if (stale !== undefined) return stale;
      if (patience <= 0) return this.compute(flight, undefined);
      const wait = pause * (0.5 + random());
      await this.sleep(wait, flight.controller.signal);
      patience -= wait;
      // Somebody may have invalidated a tag while this one waited.
      versions = (await reader.read(job, job.tagKeys))?.versions ?? versions;
    }
  }

  private async computeWithLease(
    flight: Flight,
    versions: ReadonlyMap<string, string>,
    token: string,
    now: number,
    stale: Outcome | undefined,
  ): Promise<Outcome> {
    const { store } = this.options;
    const { job } = flight;
    let computed: Computed;
    try {
      computed = await this.computed(flight, stale);
    } catch (error) {
      await store.publish(job.path, token, '', 1);
      throw error;
    }
    this.close(flight);
    const tags = await this.tagsOf(job, computed, versions, now);
    const bytes = computed.store && tags !== undefined ? this.encode(job, computed, tags, now) : undefined;
    const negative = computed.value === undefined;
    const { jitter, random } = this.options;
    const fresh = jittered(negative ? job.lifetimes.negativeMs : computed.ttlMs, jitter, random);
    const ms = fresh + (negative ? 0 : job.lifetimes.graceMs);
    const held = await store.publish(job.path, token, bytes === undefined || flight.apart ? '' : bytes, ms);
    const confirmed = held && !flight.apart && tags !== undefined && (await this.stillCounts(flight, versions, tags));
    return { how: 'miss', value: computed.value, bytes: negative ? undefined : bytes, confirmed };
  }

  /** Asked only for those who joined: was nothing invalidated by tag or namespace while the value was computed? */
  private async stillCounts(
    { job, joined }: Flight,
    versions: ReadonlyMap<string, string>,
    tags: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    if (!joined) return true;
    const keys = [...new Set([...job.levels, ...Object.keys(tags)])];
    const after = await this.options.store.read([], keys, false);
    return keys.every((key) => after?.versions.get(key) === (tags[key] ?? versions.get(key)));
  }

  /** Without Redis: in this process once, and kept in L1 for a moment. */
  private async computeAlone(flight: Flight): Promise<Outcome> {
    const { job } = flight;
    const { near } = this.options;
    const outcome = { ...(await this.compute(flight, undefined)), confirmed: !flight.apart };
    if (near !== undefined && outcome.bytes !== undefined && !flight.apart) {
      const entry = decodeEntry(outcome.bytes, this.options.codec);
      if (entry !== undefined) near.keepAlone(job.path, entry, outcome.bytes, ALONE_MS);
    }
    return outcome;
  }

  private async compute(flight: Flight, stale: Outcome | undefined): Promise<Outcome> {
    const computed = await this.computed(flight, stale);
    return { how: 'miss', value: computed.value, bytes: this.encode(flight.job, computed, {}, 0) };
  }

  private computed({ job, controller }: Flight, stale: Outcome | undefined): Promise<Computed> {
    return computeValue(job, { clock: this.clock, controller, stale: stale?.value });
  }

  /** Undefined where a tag was invalidated since the computation began. */
  private async tagsOf(
    job: Job,
    computed: Computed,
    versions: ReadonlyMap<string, string>,
    now: number,
  ): Promise<Record<string, string> | undefined> {
    const tags: Record<string, string> = {};
    for (const key of job.levels) {
      const version = versions.get(key);
      if (version === undefined) return undefined;
      if (version !== NEVER_BUMPED) tags[key] = version;
    }
    const late = (computed.tags ?? []).map(job.tagKey).filter((key) => !job.tagKeys.includes(key));
    for (const key of computed.tags === undefined ? job.tagKeys : computed.tags.map(job.tagKey)) {
      if (late.includes(key)) continue;
      const version = versions.get(key);
      if (version === undefined) return undefined;
      tags[key] = version;
    }
    if (late.length === 0) return tags;
    const read = await this.options.store.read([], late, false);
    for (const key of late) {
      const version = read?.versions.get(key);
      // Versions are times in microseconds: one from after the beginning means that the value may be older than it.
      if (version === undefined || Number(version) >= now * 1000) return undefined;
      tags[key] = version;
    }
    return tags;
  }

  private encode(
    job: Job,
    computed: Computed,
    tags: Readonly<Record<string, string>>,
    now: number,
  ): Uint8Array | undefined {
    const negative = computed.value === undefined;
    if (negative && job.lifetimes.negativeMs <= 0) return undefined;
    const entry: Entry = {
      value: computed.value,
      negative,
      grace: negative ? 0 : job.lifetimes.graceMs,
      tags,
      computeMs: job.earlyRefresh > 0 ? Math.max(1, Math.round(computed.tookMs)) : 0,
      createdAt: job.stamped ? now : 0,
    };
    return encodeEntry(entry, this.options.codec);
  }

  private fromNear(job: Job): Outcome | undefined {
    const { near, reader } = this.options;
    const kept = near?.get(job.path);
    if (kept === undefined || kept.freshUntil <= this.clock.now()) return undefined;
    if (reader.isNearCurrent(kept, job) !== true) return undefined;
    const { entry, bytes } = kept;
    return entry.negative
      ? { how: 'negative', value: undefined, bytes: undefined }
      : { how: 'hit', value: entry.value, bytes };
  }

  /** A stored value that does not pass the check is a miss. */
  private async fits(job: Job, outcome: Outcome): Promise<boolean> {
    if (outcome.how === 'negative' || job.check === undefined) return true;
    try {
      await job.check(outcome.value);
      return true;
    } catch (error) {
      if (isPaxxRedisError(error, 'SCHEMA_MISMATCH')) return false;
      throw error;
    }
  }

  /** XFetch: the longer the computation takes and the closer the end, the likelier. */
  private isTimeToRefresh({ earlyRefresh }: Job, { entry, freshMs }: Found): boolean {
    if (earlyRefresh <= 0 || freshMs === Infinity) return false;
    return -entry.computeMs * earlyRefresh * Math.log(this.options.random()) >= freshMs;
  }

  private sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        timer.cancel();
        reject(aborted(signal));
      };
      const timer = this.clock.after(ms, () => {
        signal.removeEventListener('abort', stop);
        resolve();
      });
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  }
}

function outcomeOf({ entry, bytes, freshMs }: Found): Outcome {
  if (entry.negative) return { how: 'negative', value: undefined, bytes: undefined };
  return { how: freshMs > 0 ? 'hit' : 'stale', value: entry.value, bytes };
}

/** Ninety-six random bits. */
export function newToken(random: Random): string {
  const word = (): string =>
    Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  return word() + word() + word();
}

function aborted(signal: AbortSignal): PaxxRedisError {
  return new PaxxRedisError('ABORTED', 'The wait for a cached value was aborted', { cause: signal.reason });
}

/** The caller leaves at once; the work goes on for others. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(aborted(signal));
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
