/** The record of a playbook's run: one hash, written only by the newest holder of the run's lease. */
import { defineScript } from '../port/script.ts';

/**
 * Take up a run, new or broken off. KEYS: record. ARGV: fencing token, input, milliseconds to keep it.
 * Returns the record as names and values, or nothing where a newer holder has taken it up.
 */
export const TAKE_UP = defineScript(
  'playbook.take-up',
  `
  local token = redis.call('HGET', KEYS[1], 'token')
  if token and tonumber(token) > tonumber(ARGV[1]) then return {} end
  redis.call('HSET', KEYS[1], 'token', ARGV[1])
  if not token then redis.call('HSET', KEYS[1], 'status', 'running', 'input', ARGV[2]) end
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return redis.call('HGETALL', KEYS[1])
  `,
);

/** Write down what happened. KEYS: record. ARGV: token, milliseconds to keep it, then names and values. 0: a newer holder. */
export const RECORD = defineScript(
  'playbook.record',
  `
  local token = redis.call('HGET', KEYS[1], 'token')
  if not token or tonumber(token) > tonumber(ARGV[1]) then return 0 end
  redis.call('HSET', KEYS[1], unpack(ARGV, 3))
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
  `,
);

/** KEYS: record. Returns it as names and values. */
export const READ = defineScript('playbook.read', `return redis.call('HGETALL', KEYS[1])`, { readOnly: true });
