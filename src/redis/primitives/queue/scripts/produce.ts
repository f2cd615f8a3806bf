/** Scripts that bring jobs into the stream. */
import { defineScript } from '../../../port/script.ts';
import { AGE, ANNOUNCE, NEXT_DUE, NOW } from './common.ts';

/**
 * KEYS stream delayed bodies wake, then one key for each job that has a dedup id.
 * ARGV maxBytes maxAgeMs, then for each job: body headers id delayMs dedupTtlMs (0: no dedup).
 * Answers for each job `1 id` or, where the dedup id is taken, `0 id`; or `bytes <used>` or `age <ms>` when it is full.
 */
export const enqueueJobs = defineScript(
  'queue.enqueue',
  `
local stream, delayed, bodies, wake = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local maxBytes, maxAge = tonumber(ARGV[1]), tonumber(ARGV[2])
${NOW}
${ANNOUNCE}
${AGE}
if maxBytes > 0 then
  local used = (redis.call('MEMORY', 'USAGE', stream) or 0) + (redis.call('MEMORY', 'USAGE', bodies) or 0)
  if used >= maxBytes then return {'bytes', used} end
end
if maxAge > 0 and redis.call('EXISTS', stream) == 1 then
  local from = '-'
  local group = redis.call('XINFO', 'GROUPS', stream)[1]
  if group then
    for i = 1, #group, 2 do
      if group[i] == 'last-delivered-id' then from = '(' .. group[i + 1] end
    end
  end
  local age = ageAfter(stream, from)
  if age > maxAge then return {'age', string.format('%.0f', age)} end
end
local out, keys, soonest = {}, 4, nil
for i = 3, #ARGV, 5 do
  local body, headers, id, wait, ttl = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3]), ARGV[i + 4]
  local key, known = nil, false
  if ttl ~= '0' then
    keys = keys + 1
    key = KEYS[keys]
    known = redis.call('GET', key)
  end
  if known then
    out[#out + 1], out[#out + 2] = 0, known
  else
    if wait > 0 then
      redis.call('HSET', bodies, id, string.format('0\\n%.0f\\n%s\\n', now, headers) .. body)
      redis.call('ZADD', delayed, string.format('%.0f', now + wait), id)
      soonest = math.min(soonest or wait, wait)
    elseif headers ~= '' then
      id = redis.call('XADD', stream, '*', 'd', body, 'h', headers)
    else
      id = redis.call('XADD', stream, '*', 'd', body)
    end
    if key then redis.call('SET', key, id, 'PX', ttl) end
    out[#out + 1], out[#out + 2] = 1, id
  end
end
if soonest then
  local head = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
  if tonumber(head) >= now + soonest then announce(stream, wake) end
end
return out
`,
);

/**
 * KEYS stream delayed bodies wake. ARGV limit.
 * Moves due jobs into the stream. Answers how many, and milliseconds until the next is due (-1: none).
 */
export const promoteDue = defineScript(
  'queue.promote',
  `
local stream, delayed, bodies, wake = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
${NOW}
${NEXT_DUE}
redis.call('DEL', wake)
local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[1])
for _, id in ipairs(due) do
  local packed = redis.call('HGET', bodies, id)
  if packed then
    local attempts, at, headers, body = string.match(packed, '^(%d+)\\n(%d+)\\n([^\\n]*)\\n(.*)$')
    if headers == '' then
      redis.call('XADD', stream, '*', 'd', body, 'i', id, 'a', attempts, 't', at)
    else
      redis.call('XADD', stream, '*', 'd', body, 'i', id, 'a', attempts, 't', at, 'h', headers)
    end
  end
  redis.call('ZREM', delayed, id)
  redis.call('HDEL', bodies, id)
end
return {#due, nextDue(delayed)}
`,
);
