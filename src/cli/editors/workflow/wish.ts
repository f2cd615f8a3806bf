/** What is wished of a CI workflow. */
import type { YamlEdit } from '../yaml/insert.ts';

export interface WorkflowWish {
  /** Name of the service and of its host; default `redis`. */
  readonly service?: string;
  /** `redis:7-alpine` */
  readonly image: string;
  /** Client for the health check; default `redis-cli`, or `valkey-cli` by image. */
  readonly cli?: string;
  /** Variables for the jobs; default `REDIS_URL`. */
  readonly environment?: readonly { readonly name: string; readonly gives: 'url' | 'host' | 'port' }[];
}

/** What an edit of one CI system finds to do. */
export interface WorkflowEdits {
  readonly edits: readonly YamlEdit[];
  readonly notes: readonly string[];
}

export type Variables = readonly (readonly [name: string, value: string])[];

/** The wish's variables for a Redis at `host`. */
export function variablesAt(host: string, wish: WorkflowWish): Variables {
  const values = { url: `redis://${host}:6379/0`, host, port: '6379' };
  const wanted = wish.environment ?? [{ name: 'REDIS_URL', gives: 'url' as const }];
  return wanted.map(({ name, gives }) => [name, values[gives]]);
}

/** True for a variable that tells where a data store is: Redis' own goes beside it. */
export function namesDatastore(name: string): boolean {
  return /(?:_|^)(?:URL|URI|DSN|HOST|CONNECTION_STRING)$|^(?:PG|POSTGRES|MYSQL|MONGO|DB_|DATABASE)/.test(name);
}
