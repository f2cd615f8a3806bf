/** State changes of the cache, each in one script. */
import { defineScript } from '../port/script.ts';

/**
 * Ask for the fill lease, and look at the value afterwards: who does not get the lease sees what its holder published.
 * KEYS: value, lease. ARGV: token, milliseconds. Returns whether it was granted, the server's time in milliseconds,
 * the milliseconds that the value has left (-2: none), the value.
 */
export const LEASE = defineScript(
  'cache.lease',
  `
  local granted = redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
  local time = redis.call('TIME')
  local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
  return { granted and 1 or 0, now, redis.call('PTTL', KEYS[1]), redis.call('GET', KEYS[1]) }
  `,
);

/**
 * Store a result only while its fill lease is held, then give the lease back. An empty text does only the latter.
 * KEYS: value, lease. ARGV: token, text, milliseconds. Returns whether the lease was held.
 */
export const PUBLISH = defineScript(
  'cache.publish',
  `
  if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
  if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
  return redis.call('DEL', KEYS[2])
  `,
);

/**
 * A new version, above all that ever were: the counter goes with the clock, so that one that was evicted and starts
 * again does not repeat itself. KEYS: version. Returns it.
 */
export const BUMP = defineScript(
  'cache.bump',
  `
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local before = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
  local version = string.format('%.0f', math.max(before + 1, now))
  redis.call('SET', KEYS[1], version)
  return version
  `,
);
