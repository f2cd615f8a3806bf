/**
 * Scripts of idempotency: one hash per key, kept for the retention.
 *
 * Fields: `state` (run, done, fail), `nonce` of the run, `print` of the request, `until` (server's ms to which the run
 * is certain to live), `tries`, `value`. A record outlives its run's time: that a run ended without an outcome, and may
 * have had its effect, must not be forgotten.
 */
import { defineScript } from '../../port/script.ts';

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** KEYS record; ARGV nonce, fingerprint, lease ms, retention ms, take over (1/0). -> [state, number or value] */
export const beginRun = defineScript(
  'idempotency.begin',
  `
${NOW}
local record = redis.call('HMGET', KEYS[1], 'state', 'nonce', 'print', 'until', 'tries', 'value')
local state, nonce, tries = record[1], record[2], tonumber(record[5] or '0')
if state and record[3] ~= ARGV[2] then return {'conflict'} end
if state == 'done' or state == 'fail' then return {state, record[6]} end
if state == 'run' and nonce ~= ARGV[1] then
  local left = tonumber(record[4]) - now
  if left > 0 then return {'busy', left} end
  if ARGV[5] ~= '1' then return {'abandoned', tries} end
end
if nonce ~= ARGV[1] then tries = tries + 1 end
local lease, retention = tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('HSET', KEYS[1], 'state', 'run', 'nonce', ARGV[1], 'print', ARGV[2],
  'until', string.format('%.0f', now + lease), 'tries', tries)
redis.call('PEXPIRE', KEYS[1], math.max(lease, retention))
return {'run', tries}
`,
);

const IS_OURS = `
local record = redis.call('HMGET', KEYS[1], 'state', 'nonce')
if record[2] ~= ARGV[1] then return 0 end
`;

/** KEYS record; ARGV nonce, lease ms. -> 1, or 0 where another has taken over or it has ended */
export const renewRun = defineScript(
  'idempotency.renew',
  `
${NOW}
${IS_OURS}
if record[1] ~= 'run' then return 0 end
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + ARGV[2]))
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
`,
);

/** KEYS record; ARGV nonce, state (done, fail), value, retention ms, channel. May be repeated. -> 1, or 0 where another has taken over */
export const endRun = defineScript(
  'idempotency.end',
  `
${IS_OURS}
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'value', ARGV[3])
redis.call('HDEL', KEYS[1], 'until')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', ARGV[5], ARGV[2])
return 1
`,
);

/**
 * Let the next try. Where a run before this one was abandoned, that is still so. KEYS record; ARGV nonce, channel.
 * -> 1, or 0 where it was not ours
 */
export const forgetRun = defineScript(
  'idempotency.forget',
  `
${IS_OURS}
if record[1] ~= 'run' then return 0 end
if tonumber(redis.call('HGET', KEYS[1], 'tries')) > 1 then
  redis.call('HSET', KEYS[1], 'until', '0', 'nonce', '')
else
  redis.call('DEL', KEYS[1])
end
redis.call('PUBLISH', ARGV[2], 'free')
return 1
`,
);
