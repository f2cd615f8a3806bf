/** Metrics and spans, on the real OpenTelemetry SDK. */
import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { DataPoint } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createCache } from '../../../src/redis/cache/index.ts';
import { createPrimitives } from '../../../src/redis/primitives/index.ts';
import { bridgeOpenTelemetry, collectMetrics, commandChannel } from '../../../src/redis/telemetry/index.ts';
import { startEmbedded } from '../../support/embedded-port.ts';

/** Of spans of commands. */
const SERVER = { 'db.system.name': 'redis', 'server.address': 'embedded' };

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

  it('gets commands where asked for, without what they carry', async () => {
    measured.reset();
    spans.reset();
    const port = redis.port({ network: { request: () => 3, reply: () => 4 } });
    const work = async (): Promise<void> => {
      await port.send({ args: ['SET', 'secret', 'hidden'], key: 'secret' });
      await port.send({ args: ['lpush', 'secret', 'x'], key: 'secret' }).catch(() => {});
      await port.pipeline([{ args: ['GET', 'secret'] }, { args: ['INCR', 'secret'] }, { args: ['PING'] }]);
    };
    await time.until(work());
    const stop = bridgeOpenTelemetry(api, { commands: true });
    await time.until(work());
    await commandChannel.tracePromise(async () => 'PONG', { command: 'PING', server: 'redis.internal:6380' });
    stop();
    await time.until(work());
    const all = spans.getFinishedSpans();
    expect(all.map(({ name, kind, status, attributes }) => [name, kind, status.code, attributes])).toEqual([
      ['SET', api.SpanKind.CLIENT, api.SpanStatusCode.UNSET, { ...SERVER, 'db.operation.name': 'SET' }],
      [
        'LPUSH',
        api.SpanKind.CLIENT,
        api.SpanStatusCode.ERROR,
        {
          ...SERVER,
          'db.operation.name': 'LPUSH',
          'error.type': 'WRONGTYPE',
          'db.response.status_code': 'WRONGTYPE',
        },
      ],
      [
        'PIPELINE',
        api.SpanKind.CLIENT,
        api.SpanStatusCode.ERROR,
        {
          ...SERVER,
          'db.operation.name': 'PIPELINE',
          'db.operation.batch.size': 3,
          'error.type': 'ERR',
          'db.response.status_code': 'ERR',
        },
      ],
      [
        'PING',
        api.SpanKind.CLIENT,
        api.SpanStatusCode.UNSET,
        { ...SERVER, 'db.operation.name': 'PING', 'server.address': 'redis.internal', 'server.port': 6380 },
      ],
    ]);
    await reader.forceFlush();
    const points = pointsOf(measured)['db.client.operation.duration']!;
    expect(points.map(({ attributes }) => attributes['db.operation.name'])).toEqual([
      'SET',
      'LPUSH',
      'PIPELINE',
      'PING',
    ]);
    expect((points[0]!.value as { sum: number }).sum).toBeCloseTo(0.007, 5);
  });

  it('gets counts and durations in seconds, with labels of few values', async () => {
    measured.reset();
    const stop = bridgeOpenTelemetry(api, { spans: false });
    await someWork();
    stop();
    await reader.forceFlush();
    const points = pointsOf(measured);
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

function pointsOf(exporter: InMemoryMetricExporter): Record<string, readonly DataPoint<unknown>[]> {
  const { metrics } = exporter
    .getMetrics()
    .at(-1)!
    .scopeMetrics.find(({ scope }) => scope.name === '@paxx/redis')!;
  return Object.fromEntries(metrics.map((metric) => [metric.descriptor.name, metric.dataPoints]));
}

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
