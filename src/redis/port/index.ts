/** The port: what primitives and the cache stand on, and adapters for the clients that apps have. */

export * from './clock.ts';
export * from './errors.ts';
export * from './script.ts';
export type * from './types.ts';
