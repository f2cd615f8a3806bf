// Counters of a server over time: rates for INFO, peaks, and CONFIG RESETSTAT.

import type { Server } from '../server.ts';

const KEY = Symbol('statistics');
const SAMPLES = 16;
const PERIOD = 100;

interface Sample {
  readonly at: number;
  readonly commands: number;
  readonly input: number;
  readonly output: number;
}

export interface Rates {
  readonly commands: number;
  readonly input: number;
  readonly output: number;
}

export function statisticsOf(server: Server): Statistics {
  let statistics = server.extras.get(KEY) as Statistics | undefined;
  if (statistics === undefined) server.extras.set(KEY, (statistics = new Statistics(server)));
  return statistics;
}

/** CONFIG RESETSTAT. */
export function resetStatistics(server: Server): void {
  const { keyspace, stats, errorCounts } = server;
  for (const command of server.registry.used()) {
    command.calls = 0;
    command.microseconds = 0;
    command.rejected = 0;
    command.failed = 0;
    command.histogram = undefined;
  }
  for (const name of Object.keys(stats) as (keyof typeof stats)[]) stats[name] = 0;
  errorCounts.clear();
  keyspace.hits = 0;
  keyspace.misses = 0;
  keyspace.expired = 0;
  server.timing.callsBefore = 0;
  statisticsOf(server).reset();
}

export class Statistics {
  readonly server: Server;
  samples: Sample[] = [];
  peakMemory = 0;
  /** When counting began. */
  since: number;
  /** Milliseconds above `maxmemory` so far, and since when it is exceeded now. */
  exceeded = 0;
  exceededSince: number | undefined = undefined;
  /** Counters of rooms that have none of their own, by INFO's names. */
  readonly counters = new Map<string, number>();

  constructor(server: Server) {
    this.server = server;
    this.since = server.clock.now();
  }

  /** Commands that ran, those of transactions and scripts included. */
  commands(): number {
    let sum = 0;
    for (const command of this.server.registry.used()) sum += command.calls;
    return sum;
  }

  /** Take a sample; returns when the next is due. A server does it at the start of a batch, so an idle one sleeps. */
  sample(now: number): number {
    const { inputBytes: input, outputBytes: output } = this.server.stats;
    this.samples.push({ at: now, commands: this.commands(), input, output });
    if (this.samples.length > SAMPLES) this.samples.shift();
    return now + PERIOD;
  }

  /** Per second, over the last samples. */
  rates(now: number): Rates {
    const recent = this.samples.filter(({ at }) => now - at <= SAMPLES * PERIOD);
    const first = recent[0];
    if (first === undefined || now <= first.at) return { commands: 0, input: 0, output: 0 };
    // Before the first sample nothing happened: an idle server takes none.
    const span = Math.max(now - first.at, Math.min(SAMPLES * PERIOD, now - this.since));
    const seconds = span / 1000;
    const { inputBytes, outputBytes } = this.server.stats;
    return {
      commands: Math.max(0, Math.round((this.commands() - first.commands) / seconds)),
      input: Math.max(0, inputBytes - first.input) / seconds,
      output: Math.max(0, outputBytes - first.output) / seconds,
    };
  }

  count(name: string, by = 1): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + by);
  }

  reset(): void {
    this.samples = [];
    this.since = this.server.clock.now();
    this.counters.clear();
    this.exceeded = 0;
    this.exceededSince = undefined;
    this.peakMemory = 0;
  }
}
