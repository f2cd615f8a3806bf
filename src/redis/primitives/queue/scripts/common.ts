/**
 * Lua that several scripts share.
 *
 * A job is an entry with the fields `d` (body) and, where they differ from what the entry itself tells, `i` (id of the
 * job), `a` (failed attempts), `t` (when it was enqueued, ms) and `h` (headers). While it is delayed it is one string
 * `a\nt\nh\nd`. An entry with the field `w` is no job: it wakes a worker.
 */

/** The server's time in milliseconds. */
export const NOW = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
`;

export const FIELDS = `
local function fieldsOf(list)
  local fields = {}
  for i = 1, #list, 2 do fields[list[i]] = list[i + 1] end
  return fields
end
`;

/** Sooner due than all others: one worker has to hear of it. `wake` has the entry's id, and keeps it the only one. */
export const ANNOUNCE = `
local function announce(stream, wake)
  if redis.call('EXISTS', wake) == 0 then redis.call('SET', wake, redis.call('XADD', stream, '*', 'w', '1')) end
end
`;

/** Milliseconds that the first job after the entry `from` has been waiting, -1 where none is. */
export const AGE = `
local function ageAfter(stream, from)
  for _, entry in ipairs(redis.call('XRANGE', stream, from, '+', 'COUNT', 2)) do
    if entry[2][1] ~= 'w' then return math.max(0, now - tonumber(string.match(entry[1], '^%d+'))) end
  end
  return -1
end
`;

/** What a stream of finished jobs may hold: milliseconds and bytes, 0 for no bound. */
export const RETAIN = `
local function retain(key, maxAge, maxBytes)
  if maxAge > 0 then redis.call('XTRIM', key, 'MINID', string.format('%.0f', now - maxAge)) end
  if maxBytes > 0 then
    local used = redis.call('MEMORY', 'USAGE', key) or 0
    if used > maxBytes then
      local length = redis.call('XLEN', key)
      redis.call('XTRIM', key, 'MAXLEN', math.floor(length * maxBytes / used * 0.9))
    end
  end
end
`;

/**
 * False, or the error. Commands that may be refused for want of memory come before those that remove the job, so that
 * a refusal loses nothing.
 */
export const BURY = `
local function bury(dead, id, fields, attempts, reason, text, maxAge, maxBytes)
  local reply = redis.pcall('XADD', dead, '*', 'd', fields.d or '', 'i', fields.i or id, 'a', attempts,
    't', fields.t or string.match(id, '^%d+'), 'r', reason, 'e', text, 'h', fields.h or '')
  if type(reply) == 'table' and reply.err then return reply end
  retain(dead, maxAge, maxBytes)
  return false
end
`;

/** Milliseconds until the first delayed job is due, -1 for none. */
export const NEXT_DUE = `
local function nextDue(delayed)
  local head = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  if not head[2] then return -1 end
  return math.max(0, math.ceil(tonumber(head[2]) - now))
end
`;
