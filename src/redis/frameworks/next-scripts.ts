/**
 * When Next's tags were revalidated: one hash, so that all times are of one server and nothing is lost by halves.
 *
 * Field `t:<tag>` holds three times in µs of the server, `expired stale until`: values from before `expired` are gone;
 * those from before `stale` may be served while they are made anew, and after `until` (0: for ever) not even that.
 * `born` is when the hash was made. Values from before it are gone too, so an evicted hash loses no revalidation.
 */
import { defineScript } from '../port/script.ts';

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local born = redis.call('HGET', KEYS[1], 'born')
if not born then
  born = string.format('%.0f', now)
  redis.call('HSET', KEYS[1], 'born', born)
end
`;

/** KEYS hash; ARGV fields. -> [now, born, a field's times or '' …] */
export const READ_TAGS = defineScript(
  'next.tags',
  `
${NOW}
local reply = { string.format('%.0f', now), born }
if #ARGV > 0 then
  for i, times in ipairs(redis.call('HMGET', KEYS[1], unpack(ARGV))) do reply[i + 2] = times or '' end
end
return reply
`,
);

/**
 * A revalidation. Then a few fields are looked at: those older than any value are dropped, so that the hash holds no
 * more than what was revalidated in the lifetime of a value. KEYS hash; ARGV how (`now`: gone at once, `stale`: to be
 * made anew, by itself or within the next argument), µs or '', lifetime of values in µs, fields. -> 1
 */
export const REVALIDATE = defineScript(
  'next.revalidate',
  `
${NOW}
now = math.max(now, tonumber(born))
for i = 4, #ARGV do
  local expired, stale, till = string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '0 0 0', '^(%d+) (%d+) (%d+)$')
  expired, stale, till = tonumber(expired), tonumber(stale), tonumber(till)
  if till > 0 and till <= now then
    expired = math.max(expired, stale)
    till = 0
  end
  if ARGV[1] == 'now' then
    expired, stale, till = now, 0, 0
  else
    stale = now
    if ARGV[2] ~= '' then
      local ends = now + tonumber(ARGV[2])
      till = till > 0 and math.min(till, ends) or ends
    end
  end
  redis.call('HSET', KEYS[1], ARGV[i], string.format('%.0f %.0f %.0f', expired, stale, till))
end
local oldest = now - tonumber(ARGV[3])
local scan = redis.call('HSCAN', KEYS[1], redis.call('HGET', KEYS[1], 'scan') or '0', 'COUNT', 32)
for i = 1, #scan[2], 2 do
  local expired, stale, till = string.match(scan[2][i + 1], '^(%d+) (%d+) (%d+)$')
  if till and math.max(tonumber(expired), tonumber(stale), tonumber(till)) < oldest then
    redis.call('HDEL', KEYS[1], scan[2][i])
  end
end
redis.call('HSET', KEYS[1], 'scan', scan[1])
return 1
`,
);
