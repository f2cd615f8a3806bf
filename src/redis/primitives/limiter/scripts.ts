/**
 * GCRA: one key holds the theoretical arrival time (TAT) of the next request, in µs of the server's clock.
 *
 * Where the server's time is set back, or the burst was lowered, a stored TAT is cut to what the burst allows, so that
 * nobody is locked out for longer than it takes to earn a burst.
 * @see https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
 */
import { defineScript } from '../../port/script.ts';

/** KEYS tat; ARGV µs per request, burst, cost (0: look, below 0: give back). -> [allowed, remaining, µs to wait, µs to full] */
export const gcraScript = defineScript(
  'limiter.gcra',
  `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval = tonumber(ARGV[1])
local tau = interval * tonumber(ARGV[2])
local cost = tonumber(ARGV[3])
local stored = redis.call('GET', KEYS[1])
local tat = now
if stored then tat = math.min(math.max(tonumber(stored), now), now + tau) end
local allowed, wait = 1, 0
if cost ~= 0 and stored and tonumber(stored) > tat then
  -- A refusal stores nothing else: without this the cut would be as far ahead the next time.
  redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', string.format('%.0f', math.ceil((tat - now) / 1000)))
end
if cost ~= 0 then
  local new = math.max(now, tat + interval * cost)
  if new - now > tau then
    allowed, wait = 0, new - now - tau
  else
    tat = new
    if tat > now then
      redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', string.format('%.0f', math.ceil((tat - now) / 1000)))
    elseif stored then
      redis.call('DEL', KEYS[1])
    end
  end
end
return {allowed, math.floor((tau - (tat - now)) / interval), wait, tat - now}
`,
);
