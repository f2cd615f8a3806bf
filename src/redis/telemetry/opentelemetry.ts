/**
 * Spans and metrics on the app's own OpenTelemetry: hand in its `@opentelemetry/api`.
 *
 * Commands come only when asked for: where ioredis or node-redis are instrumented themselves, they are there already.
 * @see https://opentelemetry.io/docs/specs/semconv/database/redis/
 */
import type { Operation } from './channels.ts';
import type { CommandOperation } from './commands.ts';
import { DURATION_BUCKETS, listenToCommands, listenToOperations } from './listen.ts';

type Attributes = Record<string, string | number>;

interface Span {
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  end(endTime?: number): void;
}

interface Counter {
  add(value: number, attributes?: Attributes): void;
}

interface Histogram {
  record(value: number, attributes?: Attributes): void;
}

interface Tracer {
  startSpan(name: string, options?: { kind?: number; attributes?: Attributes; startTime?: number }): Span;
}

interface Meter {
  createCounter(name: string, options?: { description?: string; unit?: string }): Counter;
  createHistogram(
    name: string,
    options?: { description?: string; unit?: string; advice?: { explicitBucketBoundaries?: number[] } },
  ): Histogram;
}

/** The part of `@opentelemetry/api` 1 that is used. */
export interface OpenTelemetryApi {
  readonly trace: { getTracer(name: string, version?: string): Tracer };
  readonly metrics: { getMeter(name: string, version?: string): Meter };
}

export interface BridgeOptions {
  /** Default true. */
  readonly spans?: boolean;
  /** Default true. */
  readonly metrics?: boolean;
  /** Names of leases, limits, queues and keys in spans. They may tell more than a trace should. Default false. */
  readonly names?: boolean;
  /** Also a client span per command or pipeline and `db.client.operation.duration`, in seconds. Default false. */
  readonly commands?: boolean;
}

const SCOPE = '@paxx/redis';
/** SpanKind and SpanStatusCode of the API, which are numbers there. */
const KIND_INTERNAL = 0;
const KIND_CLIENT = 2;
const STATUS_ERROR = 2;

/** Returns what stops it. */
export function bridgeOpenTelemetry({ trace, metrics }: OpenTelemetryApi, options: BridgeOptions = {}): () => void {
  const tracer = options.spans === false ? undefined : trace.getTracer(SCOPE);
  const meter = options.metrics === false ? undefined : metrics.getMeter(SCOPE);
  const stops = [bridgeOperations(tracer, meter, options)];
  if (options.commands === true) stops.push(bridgeCommands(tracer, meter));
  return () => {
    for (const stop of stops) stop();
  };
}

function bridgeOperations(tracer: Tracer | undefined, meter: Meter | undefined, options: BridgeOptions): () => void {
  const requests = meter?.createCounter('redisx_ds_requests_total', {
    description: 'Operations of primitives and cache.',
  });
  const errors = meter?.createCounter('redisx_ds_errors_total', { description: 'Operations that failed, by reason.' });
  const duration = meter?.createHistogram('redisx_ds_duration_seconds', {
    description: 'How long operations took.',
    unit: 's',
    advice: { explicitBucketBoundaries: [...DURATION_BUCKETS] },
  });
  const spans = new WeakMap<Operation, Span>();

  function open(operation: Operation, startTime?: number): Span | undefined {
    const { primitive, op, name } = operation;
    const attributes: Attributes = {
      'db.system.name': 'redis',
      'db.operation.name': op,
      'redisx.primitive': primitive,
      ...(options.names === true && { 'redisx.keyspace': name }),
      ...(primitive === 'queue' && { 'messaging.system': 'redis', 'messaging.operation.name': op }),
    };
    const started = startTime === undefined ? {} : { startTime };
    return tracer?.startSpan(`${primitive} ${op}`, { kind: KIND_INTERNAL, attributes, ...started });
  }

  return listenToOperations({
    started(operation) {
      const span = open(operation);
      if (span !== undefined) spans.set(operation, span);
    },
    ended(operation) {
      const { primitive, op, outcome = 'ok', reason = 'unknown', durationMs = 0, attributes = {} } = operation;
      const failed = outcome === 'error';
      requests?.add(1, { primitive, op });
      if (failed) errors?.add(1, { primitive, reason });
      duration?.record(durationMs / 1000, { primitive });
      const span = spans.get(operation) ?? open(operation);
      if (span === undefined) return;
      spans.delete(operation);
      const more = Object.entries(attributes).map(([key, value]) => [`redisx.${key}`, value]);
      span.setAttributes({ 'redisx.outcome': outcome, ...(Object.fromEntries(more) as Attributes) });
      if (failed) {
        span.setAttributes({ 'error.type': reason });
        span.setStatus({ code: STATUS_ERROR, message: reason });
      }
      span.end();
    },
  });
}

function bridgeCommands(tracer: Tracer | undefined, meter: Meter | undefined): () => void {
  const duration = meter?.createHistogram('db.client.operation.duration', {
    description: 'Duration of database client operations.',
    unit: 's',
    advice: { explicitBucketBoundaries: [...DURATION_BUCKETS] },
  });
  const spans = new WeakMap<CommandOperation, Span>();
  return listenToCommands({
    started(operation) {
      const span = tracer?.startSpan(operation.command, { kind: KIND_CLIENT, attributes: attributesOf(operation) });
      if (span !== undefined) spans.set(operation, span);
    },
    ended(operation) {
      const { outcome, reason = 'unknown', status, durationMs = 0 } = operation;
      const failed = outcome === 'error';
      const ending: Attributes = {
        ...(failed && { 'error.type': status ?? reason }),
        ...(status !== undefined && { 'db.response.status_code': status }),
      };
      duration?.record(durationMs / 1000, { ...attributesOf(operation), ...ending });
      const span = spans.get(operation);
      if (span === undefined) return;
      span.setAttributes(ending);
      if (failed) span.setStatus({ code: STATUS_ERROR, message: status ?? reason });
      span.end();
    },
  });
}

function attributesOf({ command, server, batchSize }: CommandOperation): Attributes {
  const address = /^(.*):(\d+)$/.exec(server);
  return {
    'db.system.name': 'redis',
    'db.operation.name': command,
    'server.address': address?.[1] ?? server,
    ...(address !== null && { 'server.port': Number(address[2]) }),
    ...(batchSize !== undefined && { 'db.operation.batch.size': batchSize }),
  };
}
