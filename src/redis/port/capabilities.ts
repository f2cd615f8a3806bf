/** What the server is, read from INFO. */
import type { Capabilities } from './types.ts';

/** @see https://redis.io/docs/latest/commands/info/ */
export function readCapabilities(info: string, cluster: boolean): Capabilities {
  const fields = new Map(
    info
      .split(/\r?\n/)
      .map((line) => line.split(/:(.*)/s) as [string, string | undefined])
      .filter(([, value]) => value !== undefined) as [string, string][],
  );
  const valkey = fields.get('valkey_version');
  const version = valkey ?? fields.get('redis_version') ?? '0.0.0';
  const isRedis = valkey === undefined && fields.has('redis_version') && !fields.has('dragonfly_version');
  return {
    version,
    flavour: valkey === undefined ? (isRedis ? 'redis' : 'other') : 'valkey',
    cluster: cluster || fields.get('redis_mode') === 'cluster',
    // CLIENT TRACKING came with Redis 6.
    tracking: Number.parseInt(version, 10) >= 6,
  };
}
