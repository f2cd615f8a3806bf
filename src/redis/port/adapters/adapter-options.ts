/** How an adapter treats the client that it was given. */
import type { Clock } from '../clock.ts';
import type { Warn } from '../warn.ts';

export interface AdapterOptions {
  /** own: a connection of the port's; shared: the client's; auto: the client's where its options allow it. */
  readonly connection: 'auto' | 'own' | 'shared';
  /** The port made the client by a factory, and ends it. */
  readonly made: boolean;
  readonly warn: Warn;
  readonly clock: Clock;
}
