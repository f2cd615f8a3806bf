/**
 * Scripts of the barrier.
 *
 * `{name}:barrier` is a hash: `generation`, `parties`, and `broken:<generation>` for those that broke. `{name}:members` has
 * who stands at the barrier, with the nonce of the arrival; `{name}:last` those of the generation before, so that an
 * arrival repeated because its reply was lost is not taken for one at the next. Generations begin at the server's time:
 * should the keys be lost, they still rise.
 */
import { defineScript } from '../../port/script.ts';

/** Ends the generation. Expects `generation` and `channel`. */
const NEXT = `
redis.call('HSET', KEYS[1], 'generation', string.format('%.0f', generation + 1))
redis.call('HDEL', KEYS[1], 'parties', 'broken:' .. string.format('%.0f', generation - 100))
redis.call('PUBLISH', channel, string.format('%.0f', generation))
`;

/** KEYS barrier, members, last; ARGV member, nonce, parties, ttl ms, channel. -> [state, generation, place], state open, waiting or parties */
export const arriveAtBarrier = defineScript(
  'barrier.arrive',
  `
local member, nonce, channel = ARGV[1], ARGV[2], ARGV[5]
local generation = tonumber(redis.call('HGET', KEYS[1], 'generation'))
if not generation then
  local time = redis.call('TIME')
  generation = time[1] * 1000000 + time[2]
  redis.call('DEL', KEYS[2], KEYS[3])
  local first = string.format('%.0f', generation)
  redis.call('HSET', KEYS[1], 'generation', first, 'first', first)
end
local parties = redis.call('HGET', KEYS[1], 'parties')
if redis.call('HGET', KEYS[3], member) == nonce then return {'open', generation - 1, 0} end
if parties and parties ~= ARGV[3] then return {'parties', tonumber(parties), 0} end
redis.call('HSET', KEYS[1], 'parties', ARGV[3])
redis.call('HSET', KEYS[2], member, nonce)
local missing = tonumber(ARGV[3]) - redis.call('HLEN', KEYS[2])
local state = 'waiting'
if missing <= 0 then
  state = 'open'
  redis.call('RENAME', KEYS[2], KEYS[3])
  redis.call('PEXPIRE', KEYS[3], ARGV[4])
  ${NEXT}
else
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {state, generation, missing}
`,
);

/** A generation from before the keys were lost never opened, though the present one is higher. */
const OUTCOME = `
local generation = tonumber(ARGV[1])
local current = tonumber(redis.call('HGET', KEYS[1], 'generation'))
if not current or generation < tonumber(redis.call('HGET', KEYS[1], 'first')) then return 'broken' end
if current > generation then
  if redis.call('HEXISTS', KEYS[1], 'broken:' .. ARGV[1]) == 1 then return 'broken' end
  return 'open'
end
`;

/**
 * Also keeps the barrier while somebody waits. Who no longer stands there, as after a failover that lost the arrival, can
 * only break. KEYS barrier, members; ARGV generation, ttl ms, member. -> open, broken or waiting
 */
export const lookAtBarrier = defineScript(
  'barrier.look',
  `
${OUTCOME}
if redis.call('HEXISTS', KEYS[2], ARGV[3]) == 0 then return 'broken' end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 'waiting'
`,
);

/**
 * One who leaves breaks it for all. KEYS barrier, members; ARGV generation (0: that in which this member stands there),
 * channel, member, nonce. -> open where it had opened, else broken
 */
export const breakBarrier = defineScript(
  'barrier.break',
  `
if ARGV[1] == '0' then
  if redis.call('HGET', KEYS[2], ARGV[3]) ~= ARGV[4] then return 'broken' end
  ARGV[1] = redis.call('HGET', KEYS[1], 'generation') or '0'
end
${OUTCOME}
local channel = ARGV[2]
redis.call('HSET', KEYS[1], 'broken:' .. ARGV[1], '1')
redis.call('DEL', KEYS[2])
${NEXT}
return 'broken'
`,
);
