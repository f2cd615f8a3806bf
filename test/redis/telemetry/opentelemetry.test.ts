/** Metrics and spans, on the real OpenTelemetry SDK. */
import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createCache } from '../../../src/redis/cache/index.ts';
import { createPrimitives } from '../../../src/redis/primitives/index.ts';
import { bridgeOpenTelemetry, collectMetrics } from '../../../src/redis/telemetry/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';

const redis = startEmbedded();
const { time } = redis;

async function someWork(): Promise<void> {
  const port = redis.port({ network: { request: () => 3, reply: () => 4 } });
  const { lease, limiter } = createPrimitives(port);
  const cache = createCache({ port });
  await time.until(lease.acquire('l', { ttlMs: 1000 }));
  await time.until(lease.acquire('l'));
  await time.until(limiter.gcra('g', { rate: 'nonsense' }).catch(() => {}));
  await time.until(cache.getOrCompute('k', {}, () => 1));
  await time.until(cache.get('k'));
}

/** So that the server knows the scripts, and each takes one round trip of 7 ms. */
beforeEach(async () => {
  await someWork();
  redis.call('FLUSHALL');
});

describe('OpenTelemetry', () => {
  const spans = new InMemorySpanExporter();
  const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });
  const meters = new MeterProvider({ readers: [reader] });
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
  api.metrics.setGlobalMeterProvider(meters);
  afterAll(() => {
    api.trace.disable();
    api.metrics.disable();
    api.context.disable();
  });

  it('gets a span per operation, below the span of the caller, and no more after the end', async () => {
    const stop = bridgeOpenTelemetry(api, { names: true, metrics: false });
    await api.trace.getTracer('test').startActiveSpan('caller', async (span) => {
      await someWork();
      span.end();
    });
    stop();
    await someWork();
    const all = spans.getFinishedSpans();
    expect(all.map(({ name }) => name)).toEqual([
      'lease acquire',
      'lease acquire',
      'limiter gcra',
      'cache getOrCompute',
      'cache get',
      'caller',
    ]);
    const caller = all.at(-1)!.spanContext();
    expect(all.slice(0, -1).map((span) => span.parentSpanContext?.spanId)).toEqual(
      Array.from({ length: 5 }, () => caller.spanId),
    );
    expect(all[1]!.attributes).toEqual({
      'db.system.name': 'redis',
      'db.operation.name': 'acquire',
      'redisx.primitive': 'lease',
      'redisx.keyspace': 'l',
      'redisx.outcome': 'contended',
    });
    expect(all[2]).toMatchObject({
      status: { code: api.SpanStatusCode.ERROR },
      attributes: { 'error.type': 'INVALID', 'redisx.outcome': 'error' },
    });
    expect(all.slice(3, 5).map(({ attributes }) => attributes['redisx.outcome'])).toEqual(['miss', 'hit']);
  });

  it('gets counts and durations in seconds, with labels of few values', async () => {
    measured.reset();
    const stop = bridgeOpenTelemetry(api, { spans: false });
    await someWork();
    stop();
    await reader.forceFlush();
    const metrics = measured
      .getMetrics()
      .at(-1)!
      .scopeMetrics.find(({ scope }) => scope.name === '@paxx/redis')!.metrics;
    const points = Object.fromEntries(metrics.map((metric) => [metric.descriptor.name, metric.dataPoints]));
    expect(points['redisx_ds_requests_total']!.map(({ attributes, value }) => [attributes, value])).toEqual([
      [{ primitive: 'lease', op: 'acquire' }, 2],
      [{ primitive: 'limiter', op: 'gcra' }, 1],
      [{ primitive: 'cache', op: 'getOrCompute' }, 1],
      [{ primitive: 'cache', op: 'get' }, 1],
    ]);
    expect(points['redisx_ds_errors_total']!.map(({ attributes, value }) => [attributes, value])).toEqual([
      [{ primitive: 'limiter', reason: 'INVALID' }, 1],
    ]);
    const leases = points['redisx_ds_duration_seconds']![0]!;
    expect(leases.attributes).toEqual({ primitive: 'lease' });
    expect(leases.value).toMatchObject({ count: 2 });
    expect((leases.value as { sum: number }).sum).toBeCloseTo(0.014, 5);
  });
});

it('metrics are there as text without any library', async () => {
  const metrics = collectMetrics({ milliseconds: true });
  await someWork();
  metrics.stop();
  const text = metrics.text();
  await someWork();
  expect(metrics.text()).toBe(text);
  expect(text).toContain('redisx_ds_requests_total{primitive="lease",op="acquire"} 2\n');
  expect(text).toContain('redisx_ds_errors_total{primitive="limiter",reason="INVALID"} 1\n');
  expect(text).toContain('redisx_ds_duration_seconds_bucket{primitive="lease",le="0.01"} 2\n');
  expect(text).toContain('redisx_ds_duration_seconds_count{primitive="lease"} 2\n');
  expect(text).toContain('redisx_ds_duration_ms_bucket{primitive="lease",le="50"} 2\n');
});
