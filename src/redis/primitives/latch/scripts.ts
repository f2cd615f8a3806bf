/**
 * Scripts of the latch: `{name}:latch` is a hash with the `count` and, once it is open, `open`; `{name}:ids` is the set of
 * who counted down.
 */
import { defineScript } from '../../port/script.ts';

/** KEYS latch, ids; ARGV count, id, ttl ms, channel. -> what is left, or -count where it was made with another count */
export const countDownLatch = defineScript(
  'latch.count-down',
  `
local count = redis.call('HGET', KEYS[1], 'count')
if count and count ~= ARGV[1] then return -tonumber(count) end
if redis.call('HEXISTS', KEYS[1], 'open') == 1 then return 0 end
if not count then redis.call('HSET', KEYS[1], 'count', ARGV[1]) end
redis.call('SADD', KEYS[2], ARGV[2])
local left = tonumber(ARGV[1]) - redis.call('SCARD', KEYS[2])
if left <= 0 then
  left = 0
  redis.call('HSET', KEYS[1], 'open', '1')
  redis.call('DEL', KEYS[2])
  redis.call('PUBLISH', ARGV[4], 'open')
else
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return left
`,
);

/** KEYS latch, ids; ARGV count. -> as `countDownLatch` */
export const readLatch = defineScript(
  'latch.read',
  `
local count = redis.call('HGET', KEYS[1], 'count')
if count and count ~= ARGV[1] then return -tonumber(count) end
if redis.call('HEXISTS', KEYS[1], 'open') == 1 then return 0 end
return tonumber(ARGV[1]) - redis.call('SCARD', KEYS[2])
`,
  { readOnly: true },
);
