/**
 * RED metrics (rate, errors, duration) kept in the process, as text for a Prometheus scrape.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import { DURATION_BUCKETS, listenToOperations } from './listen.ts';
import type { Operation } from './channels.ts';

export interface MetricsOptions {
  /** Also `redisx_ds_duration_ms`, in milliseconds, for dashboards that ask for it. Seconds are Prometheus' base unit. */
  readonly milliseconds?: boolean;
}

export interface Metrics {
  /** For a `/metrics` route, as `text/plain; version=0.0.4`. */
  text(): string;
  stop(): void;
}

interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** Labels are primitive, op and reason only: names, owners and tokens have no bound. */
export function collectMetrics(options: MetricsOptions = {}): Metrics {
  const requests = new Map<string, number>();
  const errors = new Map<string, number>();
  const durations = new Map<string, Histogram>();

  function ended({ primitive, op, outcome, reason, durationMs = 0 }: Operation): void {
    count(requests, labels({ primitive, op }));
    if (outcome === 'error') count(errors, labels({ primitive, reason: reason ?? 'unknown' }));
    const key = labels({ primitive });
    let histogram = durations.get(key);
    if (histogram === undefined) {
      histogram = { counts: DURATION_BUCKETS.map(() => 0), sum: 0, count: 0 };
      durations.set(key, histogram);
    }
    const seconds = durationMs / 1000;
    histogram.sum += seconds;
    histogram.count++;
    DURATION_BUCKETS.forEach((bound, i) => {
      if (seconds <= bound) histogram.counts[i]!++;
    });
  }

  return {
    stop: listenToOperations({ ended }),
    text: () =>
      [
        counter('redisx_ds_requests_total', 'Operations of primitives and cache.', requests),
        counter('redisx_ds_errors_total', 'Operations that failed, by reason.', errors),
        histogramText('redisx_ds_duration_seconds', 'How long operations took.', durations, 1),
        ...(options.milliseconds === true
          ? [histogramText('redisx_ds_duration_ms', 'How long operations took, in milliseconds.', durations, 1000)]
          : []),
      ].join(''),
  };
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function counter(name: string, help: string, counts: ReadonlyMap<string, number>): string {
  const rows = [...counts].map(([key, value]) => `${name}{${key}} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} counter\n${rows.join('')}`;
}

function histogramText(name: string, help: string, all: ReadonlyMap<string, Histogram>, scale: number): string {
  const rows = [...all].map(([key, { counts, sum, count: total }]) => {
    const buckets = DURATION_BUCKETS.map((bound, i) => `${name}_bucket{${key},le="${bound * scale}"} ${counts[i]}\n`);
    const rest = `${name}_bucket{${key},le="+Inf"} ${total}\n${name}_sum{${key}} ${sum * scale}\n`;
    return `${buckets.join('')}${rest}${name}_count{${key}} ${total}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${rows.join('')}`;
}

function labels(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(
      ([name, value]) => `${name}="${value.replaceAll(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))}"`,
    )
    .join(',');
}
