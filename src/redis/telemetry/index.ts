/** What the package tells of itself. */

export { primitiveChannel, reportPrimitive, traceOperation, tracePrimitive } from './channels.ts';
export type { Operation } from './channels.ts';
