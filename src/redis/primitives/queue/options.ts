/** A queue's settings, with what is assumed where they are silent. */
import { PaxxRedisError } from '../../port/errors.ts';
import { milliseconds, positive } from '../support/durations.ts';
import type { Duration } from '../support/durations.ts';
import type { PrimitiveOptions } from '../support/keys.ts';

/** Bounds of what is kept: a count says little about memory. */
export interface Retention {
  readonly maxAgeMs?: number;
  readonly maxBytes?: number;
}

export interface QueueOptions extends PrimitiveOptions {
  /** Of the consumers. A queue has one. Default `workers`. */
  readonly group?: string;
  /**
   * Visibility timeout in milliseconds: a job that its worker has not kept alive for so long goes to another. Workers
   * do that by themselves every third of it. Default 30,000.
   */
  readonly vtMs?: number;
  /** The same with a unit, such as `30s`. */
  readonly vt?: Duration;
  /** Attempts that may fail before a job is dead. Default 5. */
  readonly maxAttempts?: number;
  /** How often one delivery may lose its worker (crash, freeze) before the job is dead. Default 5. */
  readonly maxStalls?: number;
  /** Pause before attempt n + 1: random between 0 and `baseMs` · 2ⁿ⁻¹, `capMs` at most. Default 1,000 and 300,000. */
  readonly backoff?: { readonly baseMs?: number; readonly capMs?: number };
  /** FULL beyond: bytes of Redis' memory for waiting and delayed jobs, about. Default: no limit. */
  readonly maxBytes?: number;
  /** FULL while the first waiting job waits longer than this. Default: no limit. */
  readonly maxAgeMs?: number;
  /** How long a dedup id is remembered. Default 300,000. */
  readonly dedupTtlMs?: number;
  /** Of dead letters. Default 30 days and 64 MiB. */
  readonly deadLetters?: Retention;
  /** Keep the ids of jobs that were done, in the stream `done`. Default: not at all. */
  readonly history?: Retention;
  readonly serializer?: Serializer;
}

export interface Serializer {
  stringify(data: unknown): string;
  parse(text: string): unknown;
}

export interface QueueSettings {
  readonly group: string;
  readonly vtMs: number;
  readonly maxAttempts: number;
  readonly maxStalls: number;
  readonly backoff: { readonly baseMs: number; readonly capMs: number };
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly dedupTtlMs: number;
  /** 0: no bound. */
  readonly dead: Required<Retention>;
  readonly history: Required<Retention>;
  readonly serializer: Serializer;
}

const DAY_MS = 86_400_000;
/** Shorter ones leave no time to keep a job alive within the margin that clocks and networks need. */
const SHORTEST_VT_MS = 500;

/** @throws PaxxRedisError INVALID */
export function readSettings(options: QueueOptions): QueueSettings {
  const vtMs = milliseconds(options.vtMs ?? options.vt ?? 30_000, 'vtMs');
  if (vtMs < SHORTEST_VT_MS || vtMs > DAY_MS) {
    throw new PaxxRedisError('INVALID', `vtMs must be from ${SHORTEST_VT_MS} to ${DAY_MS}, not ${vtMs}`);
  }
  const { deadLetters = {}, history } = options;
  return {
    group: options.group ?? 'workers',
    vtMs: Math.round(vtMs),
    maxAttempts: positive(options.maxAttempts ?? 5, 'maxAttempts'),
    maxStalls: positive(options.maxStalls ?? 5, 'maxStalls'),
    backoff: {
      baseMs: milliseconds(options.backoff?.baseMs ?? 1000, 'backoff.baseMs'),
      capMs: milliseconds(options.backoff?.capMs ?? 300_000, 'backoff.capMs'),
    },
    maxBytes: options.maxBytes === undefined ? 0 : positive(options.maxBytes, 'maxBytes'),
    maxAgeMs: options.maxAgeMs === undefined ? 0 : positive(options.maxAgeMs, 'maxAgeMs'),
    dedupTtlMs: positive(options.dedupTtlMs ?? 300_000, 'dedupTtlMs'),
    dead: bounds(deadLetters.maxAgeMs ?? 30 * DAY_MS, deadLetters.maxBytes ?? 64 * 1024 * 1024),
    history: history === undefined ? bounds(0, 0) : bounds(history.maxAgeMs ?? 7 * DAY_MS, history.maxBytes ?? 0),
    serializer: options.serializer ?? JSON,
  };
}

/** Infinity, as no bound, is 0 for the scripts. */
function bounds(maxAgeMs: number, maxBytes: number): Required<Retention> {
  return { maxAgeMs: finite(maxAgeMs), maxBytes: finite(maxBytes) };
}

function finite(value: number): number {
  return Number.isFinite(value) ? Math.ceil(value) : 0;
}
