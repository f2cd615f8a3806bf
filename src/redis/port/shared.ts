/** What the parts of one port have in common. */
import type { AbortRegistry } from './aborts.ts';
import type { Random } from './clock.ts';
import type { ConnectionSettings } from './connection.ts';
import type { Driver } from './driver.ts';
import type { DeadlineSweep } from './sweep.ts';

export interface Shared {
  readonly driver: Driver;
  readonly sweep: DeadlineSweep;
  readonly aborts: AbortRegistry;
  readonly settings: ConnectionSettings;
  readonly random: Random;
}
