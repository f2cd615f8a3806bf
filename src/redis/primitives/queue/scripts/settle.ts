/** Scripts of those who work on jobs. Each checks the receipt: this worker, this delivery. */
import { defineScript } from '../../../port/script.ts';
import { ANNOUNCE, BURY, FIELDS, NEXT_DUE, NOW, RETAIN } from './common.ts';

/**
 * Lua: is the entry still with `me`, and is it the delivery that was counted so? One look at all that is pending for
 * `me` is cheaper than one for each; what was not among it is asked for by its id.
 */
const HOLDS = `
local counts = {}
local function look(jobs, mine)
  if jobs < 4 or mine > jobs * 4 then return end
  for _, pending in ipairs(redis.call('XPENDING', stream, group, '-', '+', mine, me)) do
    counts[pending[1]] = pending[4]
  end
end
local function holds(id, deliveries)
  local count = counts[id]
  if not count then
    local pending = redis.call('XPENDING', stream, group, id, id, 1)[1]
    count = pending and pending[2] == me and pending[4]
  end
  return count == tonumber(deliveries)
end
`;

/**
 * KEYS stream delayed bodies dead wake done.
 * ARGV group consumer visibilityMs deadMaxAgeMs deadMaxBytes doneMaxAgeMs doneMaxBytes pending (about how many jobs the
 * consumer has), then for each job
 * id deliveries operation number text, where the operation is
 *   a  acknowledge: the job is done and goes
 *   r  retry after `number` ms
 *   d  dead letter after `number` attempts; text is `reason:error`
 *   b  give back: claimable at once. `number` is what the counter of deliveries is set to
 * Answers for each 1, 0 (not held: nothing was done) or -1 (Redis has no memory for it: nothing was done), and at last
 * the milliseconds until the first delayed job is due, -1 for none.
 *
 * A plain XACK would answer 1 to a worker that lost the job, and take it from the one that has it.
 */
export const settleJobs = defineScript(
  'queue.settle',
  `
local stream, delayed, bodies, dead, wake, done = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local group, me, visibility = ARGV[1], ARGV[2], ARGV[3]
local deadMaxAge, deadMaxBytes = tonumber(ARGV[4]), tonumber(ARGV[5])
local doneMaxAge, doneMaxBytes = tonumber(ARGV[6]), tonumber(ARGV[7])
${NOW}
${FIELDS}
${ANNOUNCE}
${RETAIN}
${BURY}
${NEXT_DUE}
${HOLDS}
local function fetch(id)
  local entry = redis.call('XRANGE', stream, id, id)[1]
  return entry and fieldsOf(entry[2])
end
local function failed(reply) return type(reply) == 'table' and reply.err end
local out, gone, kept, backs, due = {}, {}, 0, 0, -1
look((#ARGV - 8) / 5, tonumber(ARGV[8]))
for i = 9, #ARGV, 5 do
  local id, operation, number, text = ARGV[i], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local result = 1
  if not holds(id, ARGV[i + 1]) then
    result = 0
  elseif operation == 'b' then
    redis.call('XCLAIM', stream, group, me, 0, id, 'IDLE', visibility, 'RETRYCOUNT', number, 'JUSTID')
    backs = backs + 1
  else
    local fields = (operation ~= 'a' or doneMaxAge > 0) and fetch(id)
    local refused = false
    if not fields then
      -- Acknowledged, or trimmed while it was in work.
    elseif operation == 'a' then
      refused = failed(redis.pcall('XADD', done, '*', 'i', fields.i or id, 't', fields.t or string.match(id, '^%d+')))
      kept = kept + 1
    elseif operation == 'r' then
      local job, at = fields.i or id, fields.t or string.match(id, '^%d+')
      local attempts, headers = (tonumber(fields.a) or 0) + 1, fields.h or ''
      if tonumber(number) > 0 then
        refused = failed(redis.pcall('HSET', bodies, job, attempts .. '\\n' .. at .. '\\n' .. headers .. '\\n' .. fields.d))
          or failed(redis.pcall('ZADD', delayed, string.format('%.0f', now + number), job))
        due = 0
      else
        local entry = {'d', fields.d, 'i', job, 'a', attempts, 't', at}
        if headers ~= '' then entry[9], entry[10] = 'h', headers end
        refused = failed(redis.pcall('XADD', stream, '*', unpack(entry)))
      end
    else
      local reason, message = string.match(text, '^(%a+):(.*)$')
      refused = bury(dead, id, fields, number, reason, message, deadMaxAge, deadMaxBytes)
    end
    if refused then result = -1 else gone[#gone + 1] = id end
  end
  out[#out + 1] = result
end
if #gone > 0 then
  redis.call('XACK', stream, group, unpack(gone))
  redis.call('XDEL', stream, unpack(gone))
end
if kept > 0 then retain(done, doneMaxAge, doneMaxBytes) end
if backs > 0 then announce(stream, wake) end
out[#out + 1] = due == 0 and nextDue(delayed) or -1
return out
`,
);

/**
 * KEYS stream. ARGV group consumer, then for each job id deliveries. Each is invisible to others for the full time
 * again; JUSTID leaves the counter of deliveries. Answers 1 or, where it is not held, 0 for each.
 */
export const keepAlive = defineScript(
  'queue.heartbeat',
  `
local stream, group, me = KEYS[1], ARGV[1], ARGV[2]
${HOLDS}
local out, held = {}, {}
look((#ARGV - 2) / 2, (#ARGV - 2) / 2)
for i = 3, #ARGV, 2 do
  local ours = holds(ARGV[i], ARGV[i + 1])
  out[#out + 1] = ours and 1 or 0
  if ours then held[#held + 1] = ARGV[i] end
end
if #held > 0 then
  held[#held + 1] = 'JUSTID'
  redis.call('XCLAIM', stream, group, me, 0, unpack(held))
end
return out
`,
);
