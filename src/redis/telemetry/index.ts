/** What the package tells of itself. */

export { cacheChannel, primitiveChannel, reportPrimitive, traceOperation, tracePrimitive } from './channels.ts';
export type { Operation } from './channels.ts';
export { commandChannel } from './commands.ts';
export type { CommandOperation } from './commands.ts';
export { collectMetrics } from './metrics.ts';
export type { Metrics, MetricsOptions } from './metrics.ts';
export { bridgeOpenTelemetry } from './opentelemetry.ts';
export type { BridgeOptions, OpenTelemetryApi } from './opentelemetry.ts';
