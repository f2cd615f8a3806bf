/**
 * What a RedisPort must do, as a list of cases for any test framework.
 *
 * ```ts
 * for (const { name, needs, run } of portConformance) test(name, () => run(target));
 * ```
 * Every case makes its own port by `target.createPort`, and closes it. Data of earlier cases does no harm.
 */
import type { RedisPort } from '../port/types.ts';
import { connectionCases } from './port-cases/connections.ts';
import { limitCases } from './port-cases/limits.ts';
import { messageCases } from './port-cases/messages.ts';
import { replyCases } from './port-cases/replies.ts';
import { scriptCases } from './port-cases/scripts.ts';
import { sessionCases } from './port-cases/sessions.ts';
import { trackingCases } from './port-cases/tracking.ts';

/** Options that cases set; the same as `createPort` takes. */
export interface ConformanceOptions {
  readonly defaultDeadlineMs?: number;
  readonly maxInFlight?: number;
  readonly maxInFlightBytes?: number;
  readonly stuckAfterMs?: number;
}

export interface PortTarget {
  createPort(options: ConformanceOptions): RedisPort;
  /** A command past the port, such as over a connection of the test's own. Replies as RESP2 has them. */
  command(...args: string[]): Promise<unknown>;
  /** What the server can be made to suffer; cases that need more are not run. */
  readonly faults?: {
    /** It accepts connections and answers nothing. */
    freeze(): void;
    thaw(): void;
    stop?(): Promise<void>;
    start?(): Promise<void>;
  };
  /** The server is a cluster: transactions only go by sessions. */
  readonly cluster?: boolean;
}

export type Need = 'freeze' | 'restart' | 'single';

export interface ConformanceCase {
  readonly name: string;
  readonly needs?: Need;
  run(target: PortTarget): Promise<void>;
}

export const portConformance: readonly ConformanceCase[] = [
  ...replyCases,
  ...scriptCases,
  ...limitCases,
  ...sessionCases,
  ...messageCases,
  ...trackingCases,
  ...connectionCases,
];

/** Whether a target can run a case. */
export function canRun({ needs }: ConformanceCase, target: PortTarget): boolean {
  if (needs === 'freeze') return target.faults !== undefined;
  if (needs === 'restart') return target.faults?.stop !== undefined && target.faults.start !== undefined;
  return needs !== 'single' || target.cluster !== true;
}
