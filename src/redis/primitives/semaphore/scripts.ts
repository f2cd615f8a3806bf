/**
 * Scripts of the semaphore.
 *
 * `{name}:held` is a sorted set of permits by the server's millisecond in which they expire. With `fair`, those who wait
 * stand in `{name}:queue` by ticket number, and `{name}:tickets` says when each ticket expires: a waiter that died does
 * not hold up the others. Who is first in the queue is told on a channel.
 */
import { defineScript } from '../../port/script.ts';

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
`;

const HOLD = `
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ttl), id)
redis.call('PEXPIREAT', KEYS[1], redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2])
`;

/** KEYS held; ARGV id, permits, ttl ms. -> [1, free] or [0, ms until the next expires] */
export const acquirePermit = defineScript(
  'semaphore.acquire',
  `
${NOW}
local id, limit, ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('ZSCORE', KEYS[1], id) or redis.call('ZCARD', KEYS[1]) < limit then
  ${HOLD}
  return {1, limit - redis.call('ZCARD', KEYS[1])}
end
return {0, redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] - now}
`,
);

/** Lua: drop tickets that expired; tell the first in the queue where a permit is free. KEYS held, queue, tickets */
const DROP_TICKETS = `
local function dropTickets()
  for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', string.format('%.0f', now))) do
    redis.call('ZREM', KEYS[2], dead)
    redis.call('ZREM', KEYS[3], dead)
  end
end
local function tellFirst(limit, channel)
  local first = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
  if first and redis.call('ZCARD', KEYS[1]) < limit then redis.call('PUBLISH', channel, first) end
end
`;

/** KEYS held, queue, tickets; ARGV id, permits, ttl ms, ticket's ttl ms, channel. -> as `acquirePermit` */
export const acquireFairPermit = defineScript(
  'semaphore.acquire-fair',
  `
${NOW}
${DROP_TICKETS}
dropTickets()
local id, limit, ttl, ticketTtl, channel = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
if not redis.call('ZSCORE', KEYS[1], id) then
  if not redis.call('ZSCORE', KEYS[2], id) then
    local last = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2] or '0'
    redis.call('ZADD', KEYS[2], string.format('%.0f', last + 1), id)
  end
  redis.call('ZADD', KEYS[3], string.format('%.0f', now + ticketTtl), id)
  redis.call('PEXPIRE', KEYS[2], ticketTtl)
  redis.call('PEXPIRE', KEYS[3], ticketTtl)
  local held = redis.call('ZCARD', KEYS[1])
  local first = redis.call('ZRANK', KEYS[2], id) == 0
  if held >= limit or not first then
    tellFirst(limit, channel)
    local retry = math.floor(ticketTtl / 3)
    if first then retry = math.min(retry, redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] - now) end
    return {0, retry}
  end
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
end
${HOLD}
tellFirst(limit, channel)
return {1, limit - redis.call('ZCARD', KEYS[1])}
`,
);

/** KEYS held; ARGV id, ttl ms. -> 1, or 0 where the permit has expired */
export const renewPermit = defineScript(
  'semaphore.renew',
  `
${NOW}
local id, ttl = ARGV[1], tonumber(ARGV[2])
if not redis.call('ZSCORE', KEYS[1], id) then return 0 end
${HOLD}
return 1
`,
);

/** Gives back the permit and the ticket. KEYS held, queue, tickets, wake; ARGV id, permits, channel. -> 1, or 0 where there was no permit */
export const releasePermit = defineScript(
  'semaphore.release',
  `
${NOW}
${DROP_TICKETS}
dropTickets()
local limit = tonumber(ARGV[2])
local had = redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
if had == 1 and redis.call('ZCARD', KEYS[1]) < limit then
  redis.call('LPUSH', KEYS[4], '1')
  redis.call('LTRIM', KEYS[4], 0, limit - 1)
  redis.call('PEXPIRE', KEYS[4], 5000)
end
tellFirst(limit, ARGV[3])
return had
`,
);

/** KEYS held, queue. -> [permits held, tickets waiting] */
export const countPermits = defineScript(
  'semaphore.count',
  `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return {redis.call('ZCOUNT', KEYS[1], '(' .. string.format('%.0f', now), '+inf'), redis.call('ZCARD', KEYS[2])}
`,
  { readOnly: true },
);
