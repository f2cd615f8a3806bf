/** Suites for whoever writes a part of their own, in any test framework. */

export { canRun, portConformance } from './port-conformance.ts';
export type { ConformanceCase, ConformanceOptions, Need, PortTarget } from './port-conformance.ts';
