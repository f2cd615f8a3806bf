/**
 * Scripts of the barrier.
 *
 * `{name}:barrier` is a hash: `generation`, `parties`, and `opened` with the last generations that opened, so all others
 * broke. `{name}:members` has who stands at the barrier, with the nonce of the arrival; `{name}:last` those of the
 * generation that opened last, so that an arrival repeated because its reply was lost is not taken for one at the next.
 * A generation is at least the server's time at its first arrival: where keys or the last arrivals are lost, who stood
 * there is not taken for one of those that come after.
 */
import { defineScript } from '../../port/script.ts';

/** Ends the generation. Expects `generation` and `channel`. */
const NEXT = `
redis.call('HSET', KEYS[1], 'generation', string.format('%.0f', generation + 1))
redis.call('HDEL', KEYS[1], 'parties')
redis.call('PUBLISH', channel, string.format('%.0f', generation))
`;

/** Bytes: some sixty generations, between spaces. Who asks for one asks soon. */
const OPENED_BYTES = 1100;

/** KEYS barrier, members, last; ARGV member, nonce, parties, ttl ms, channel. -> [state, generation, place], state open, waiting or parties */
export const arriveAtBarrier = defineScript(
  'barrier.arrive',
  `
local member, nonce, channel = ARGV[1], ARGV[2], ARGV[5]
local generation = tonumber(redis.call('HGET', KEYS[1], 'generation'))
if not generation then redis.call('DEL', KEYS[2], KEYS[3]) end
local parties = redis.call('HGET', KEYS[1], 'parties')
local opened = redis.call('HGET', KEYS[1], 'opened') or ' '
if redis.call('HGET', KEYS[3], member) == nonce then return {'open', tonumber(string.match(opened, '(%d+) $')), 0} end
if parties and parties ~= ARGV[3] then return {'parties', tonumber(parties), 0} end
if redis.call('EXISTS', KEYS[2]) == 0 then
  local time = redis.call('TIME')
  generation = math.max(generation or 0, time[1] * 1000000 + time[2])
end
redis.call('HSET', KEYS[1], 'generation', string.format('%.0f', generation), 'parties', ARGV[3])
redis.call('HSET', KEYS[2], member, nonce)
local missing = tonumber(ARGV[3]) - redis.call('HLEN', KEYS[2])
local state = 'waiting'
if missing <= 0 then
  state = 'open'
  redis.call('RENAME', KEYS[2], KEYS[3])
  redis.call('PEXPIRE', KEYS[3], ARGV[4])
  redis.call('HSET', KEYS[1], 'opened', string.sub(opened .. string.format('%.0f', generation) .. ' ', -${OPENED_BYTES}))
  ${NEXT}
else
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {state, generation, missing}
`,
);

/** A generation that was lost, with the keys or by a failover, never opened, though the present one is higher. */
const OUTCOME = `
local generation = tonumber(ARGV[1])
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then
  local opened = redis.call('HGET', KEYS[1], 'opened') or ''
  if string.find(opened, ' ' .. ARGV[1] .. ' ', 1, true) then return 'open' end
  return 'broken'
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
redis.call('DEL', KEYS[2])
${NEXT}
return 'broken'
`,
);
