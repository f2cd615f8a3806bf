/**
 * Scripts that hand jobs to a worker, beside XREADGROUP.
 *
 * Every delivery raises the entry's counter of deliveries. Worker and counter together are the receipt.
 */
import { defineScript } from '../../../port/script.ts';
import { BURY, FIELDS, NOW, RETAIN } from './common.ts';

/**
 * Lua: claim `found` (from XPENDING) for `me` and append id, deliveries, number of fields and fields to `out`. Jobs
 * that lost their worker too often are dead: they may well be what kills it.
 */
const TAKE = `
local function take(found)
  local ids, deliveries = {}, {}
  for _, pending in ipairs(found) do
    local id, count = pending[1], pending[4]
    if count > maxStalls then
      local entry = redis.call('XRANGE', stream, id, id)[1]
      local fields = entry and fieldsOf(entry[2]) or {}
      local refused = fields.d and bury(dead, id, fields, (tonumber(fields.a) or 0) + count, 'stalled',
        'its worker was lost ' .. count .. ' times', maxAge, maxBytes)
      if not refused then
        redis.call('XACK', stream, group, id)
        redis.call('XDEL', stream, id)
        out[1] = out[1] + 1
      end
    else
      ids[#ids + 1] = id
      deliveries[id] = count + 1
    end
  end
  if #ids == 0 then return end
  for _, entry in ipairs(redis.call('XCLAIM', stream, group, me, 0, unpack(ids))) do
    if entry and entry[2] then
      local id, list = entry[1], entry[2]
      out[#out + 1], out[#out + 2], out[#out + 3] = id, deliveries[id], #list
      for _, item in ipairs(list) do out[#out + 1] = item end
      deliveries[id] = nil
    end
  end
  -- Trimmed or deleted while they were pending: Redis 7 forgets them by itself, 6.2 does not.
  for id in pairs(deliveries) do redis.call('XACK', stream, group, id) end
end
`;

const HEAD = `
local stream, dead = KEYS[1], KEYS[2]
local group, me, count, maxStalls = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local maxAge, maxBytes = tonumber(ARGV[5]), tonumber(ARGV[6])
local out = {0}
${NOW}
${FIELDS}
${RETAIN}
${BURY}
${TAKE}
`;

/**
 * KEYS stream dead. ARGV group consumer count maxStalls deadMaxAgeMs deadMaxBytes visibilityMs.
 * Takes over jobs that nobody has kept alive for `visibilityMs`. XPENDING tells the counters, which XAUTOCLAIM does
 * not, and finds all there are without a cursor.
 * Answers how many were dead, then for each job: id deliveries fields-count fields.
 */
export const reclaimJobs = defineScript(
  'queue.reclaim',
  `
${HEAD}
take(redis.call('XPENDING', stream, group, 'IDLE', ARGV[7], '-', '+', count))
return out
`,
);

/**
 * KEYS stream dead. ARGV group consumer count maxStalls deadMaxAgeMs deadMaxBytes, then ids of jobs that are in work.
 * Takes what was delivered to this consumer without its knowing: a reply that was lost, an earlier life of the worker.
 * Answers as `queue.reclaim`.
 */
export const recoverJobs = defineScript(
  'queue.recover',
  `
${HEAD}
local known = {}
for i = 7, #ARGV do known[ARGV[i]] = true end
local found = {}
for _, pending in ipairs(redis.call('XPENDING', stream, group, '-', '+', count + #ARGV - 6, me)) do
  if not known[pending[1]] and #found < count then found[#found + 1] = pending end
end
take(found)
return out
`,
);

/**
 * KEYS stream. ARGV group idleMs. Forgets consumers without jobs that have not asked for any for so long: XGROUP
 * DELCONSUMER drops what is pending, so only those with nothing pending.
 */
export const sweepConsumers = defineScript(
  'queue.sweep',
  `
${FIELDS}
local swept = 0
for _, item in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = fieldsOf(item)
  if consumer.pending == 0 and consumer.idle >= tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
    swept = swept + 1
  end
end
return swept
`,
);

/**
 * KEYS stream. ARGV group. Makes the group. One group per queue: the first to acknowledge a job removes it.
 * Answers 1, or the name of the group that is there already.
 */
export const createGroup = defineScript(
  'queue.group',
  `
${FIELDS}
if redis.call('EXISTS', KEYS[1]) == 1 then
  for _, item in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local name = fieldsOf(item).name
    if name == ARGV[1] then return 1 else return name end
  end
end
redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
return 1
`,
);

/** KEYS stream. ARGV group consumer. A worker ends: it is forgotten, unless something is still pending for it. */
export const forgetConsumer = defineScript(
  'queue.forget',
  `
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
`,
);
