/** The port: what primitives and the cache stand on, and adapters for the clients that apps have. */

export * from './clock.ts';
export * from './create-port.ts';
export * from './errors.ts';
export { createPortOver } from './port.ts';
export type { PortOptions } from './port.ts';
export * from './script.ts';
export * from './streams.ts';
export type * from './driver.ts';
export type * from './types.ts';
