/** What a compose file has or gets of Redis, before the apps are wired to it. */
import type { YamlEdit } from '../yaml/insert.ts';
import type { RedisFacts } from './wish.ts';

export interface RedisPlan {
  readonly facts: Omit<RedisFacts, 'wiredApps' | 'settledApps' | 'skippedApps'>;
  readonly edits: readonly YamlEdit[];
  readonly notes: readonly string[];
  /** It has a healthcheck that others can wait for. */
  readonly healthy: boolean;
  readonly profiles: readonly string[];
}
