/** Scripts for those who look at a queue, and put dead letters back to work. */
import { defineScript } from '../../../port/script.ts';
import { AGE, FIELDS, NOW } from './common.ts';

/**
 * KEYS stream delayed dead bodies wake.
 * Answers waiting, pending, delayed, dead, lag, consumers, age of the oldest that waits (ms, -1: none), bytes, group.
 *
 * `lag` of XINFO GROUPS is null once an entry was deleted in the middle; then it is what the stream holds less what is
 * pending, as acknowledged entries are gone.
 */
export const queueStats = defineScript(
  'queue.stats',
  `
local stream = KEYS[1]
${NOW}
${FIELDS}
${AGE}
local length, pending, lag, consumers, from, name = redis.call('XLEN', stream), 0, nil, 0, '-', ''
if redis.call('EXISTS', stream) == 1 then
  local item = redis.call('XINFO', 'GROUPS', stream)[1]
  if item then
    local group = fieldsOf(item)
    pending, consumers, name = group.pending, group.consumers, group.name
    lag, from = group.lag, '(' .. group['last-delivered-id']
  end
end
if not lag then lag = length - pending end
local wake = redis.call('GET', KEYS[5])
local jobless = wake and #redis.call('XRANGE', stream, wake, wake) or 0
local waiting = math.max(0, length - pending - jobless)
lag = math.max(0, lag - jobless)
local age = ageAfter(stream, from)
local bytes = 0
for _, key in ipairs({stream, KEYS[4]}) do bytes = bytes + (redis.call('MEMORY', 'USAGE', key) or 0) end
return {waiting, pending, redis.call('ZCARD', KEYS[2]), redis.call('XLEN', KEYS[3]), lag, consumers, age, bytes, name}
`,
  { readOnly: true },
);

/**
 * KEYS dead stream. ARGV ids of dead letters. Puts them back into the stream, without failed attempts.
 * Answers how many there were.
 */
export const replayDead = defineScript(
  'queue.replay',
  `
${FIELDS}
local replayed = 0
for _, id in ipairs(ARGV) do
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  if entry then
    local fields = fieldsOf(entry[2])
    local job = {'d', fields.d, 'i', fields.i, 't', fields.t}
    if fields.h ~= '' then job[7], job[8] = 'h', fields.h end
    redis.call('XADD', KEYS[2], '*', unpack(job))
    redis.call('XDEL', KEYS[1], id)
    replayed = replayed + 1
  end
end
return replayed
`,
);

/** KEYS dead. ARGV ms. Throws away what died longer ago. Answers how many there were. */
export const purgeDead = defineScript(
  'queue.purge',
  `
${NOW}
return redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f', math.max(0, now - ARGV[1])))
`,
);
