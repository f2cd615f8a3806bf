/**
 * Scripts of the lease.
 *
 * `{name}:lease` holds `nonce#token#owner` for the time to live; the nonce says which acquisition it is, so one that is
 * repeated because its reply was lost finds itself. `{name}:fence` holds the last token. A token is the last one plus
 * one or the server's time in µs, whichever is more: should failover or eviction lose the counter, tokens still rise.
 */
import { defineScript } from '../../port/script.ts';
import { PUSH_WAKE } from '../support/wake-list.ts';

/** KEYS lease, fence; ARGV nonce, ttl ms, owner, ms to keep the fence (0: for ever). -> [1, token] or [0, holder’s PTTL, holder’s owner] */
export const acquireLease = defineScript(
  'lease.acquire',
  `
local held = redis.call('GET', KEYS[1])
if held then
  local nonce, token, owner = string.match(held, '^([^#]*)#(%d+)#(.*)$')
  if nonce == ARGV[1] then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return {1, tonumber(token)}
  end
  return {0, redis.call('PTTL', KEYS[1]), owner or ''}
end
local time = redis.call('TIME')
local token = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, time[1] * 1000000 + time[2])
local text = string.format('%.0f', token)
redis.call('SET', KEYS[1], ARGV[1] .. '#' .. text .. '#' .. ARGV[3], 'PX', ARGV[2])
if ARGV[4] == '0' then
  redis.call('SET', KEYS[2], text)
else
  redis.call('SET', KEYS[2], text, 'PX', ARGV[4])
end
return {1, token}
`,
);

const IS_OURS = `
local held = redis.call('GET', KEYS[1])
if not held or string.match(held, '^([^#]*)#') ~= ARGV[1] then return 0 end
`;

/** KEYS lease; ARGV nonce, ttl ms. -> 1, or 0 where it is not ours */
export const renewLease = defineScript('lease.renew', `${IS_OURS} return redis.call('PEXPIRE', KEYS[1], ARGV[2])`);

/** KEYS lease, wake; ARGV nonce. -> 1, or 0 where it is not ours */
export const releaseLease = defineScript(
  'lease.release',
  `
${IS_OURS}
redis.call('DEL', KEYS[1])
local wake = KEYS[2]
${PUSH_WAKE}
return 1
`,
);

/** KEYS lease. -> [token, owner, PTTL], or nil where nobody holds it */
export const peekLease = defineScript(
  'lease.peek',
  `
local held = redis.call('GET', KEYS[1])
if not held then return nil end
local token, owner = string.match(held, '^[^#]*#(%d+)#(.*)$')
if not token then return nil end
return {tonumber(token), owner, redis.call('PTTL', KEYS[1])}
`,
  { readOnly: true },
);

/** Lua: refuse a token below the highest seen. Expects the mark's key in KEYS[1] and the token in ARGV[1]. */
const IS_CURRENT = `
local seen = tonumber(redis.call('GET', KEYS[1]) or '0')
local token = tonumber(ARGV[1])
if token < seen then return REFUSED end
if token > seen then redis.call('SET', KEYS[1], string.format('%.0f', token)) end
`;

/** KEYS mark; ARGV token. -> 1, or 0 for a token that has been overtaken */
export const checkFence = defineScript('fence.check', `${IS_CURRENT.replace('REFUSED', '0')} return 1`);

/** A script that does its work only where the token is current; see `defineFencedScript`. -> [1, …] or [0] */
export function fencedText(lua: string): string {
  return `${IS_CURRENT.replace('REFUSED', '{0}')}
local function work(KEYS, ARGV) ${lua}
end
local keys, args = {}, {}
for i = 2, #KEYS do keys[i - 1] = KEYS[i] end
for i = 2, #ARGV do args[i - 1] = ARGV[i] end
return {1, work(keys, args)}`;
}
