/** What wiring an app service goes by. */
import type { YamlStyle } from '../yaml/emit.ts';
import type { DocumentNode, MapNode } from '../yaml/lookup.ts';
import type { WiredKey } from './sharing.ts';

export interface AppWish {
  readonly app: string;
  readonly variables: readonly (readonly [name: string, value: string])[];
  /** Service to wait for; undefined when it does already, or must not. */
  readonly waitFor?: string;
  /** Redis has a healthcheck to wait for. */
  readonly healthy: boolean;
  /** `docker stack deploy` has no map form of `depends_on`: add none where there is none. */
  readonly swarm: boolean;
}

export interface WiringContext {
  readonly text: string;
  readonly document: DocumentNode;
  readonly services: MapNode;
  /** Style for keys of a service's body. */
  readonly style: YamlStyle;
  /** Services that may change along with another by a shared anchor. */
  readonly mayChange: ReadonlySet<string>;
  /** Services that an edit reaches already, since apps may share nodes. */
  readonly given: Readonly<Record<WiredKey, Set<string>>>;
}
