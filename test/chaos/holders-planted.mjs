// Planted bugs that test/chaos/holders.mjs must find, as changes to the text of the package.

/** @type {Record<string, [string, string][]>} by name: texts that are there once, and what takes their place */
export const planted = {
  'renewal-ignores-loss': [['if (!ours) {', 'if (false) {']],
  'validity-from-reply': [
    [
      'this.deadline = options.sentAt + validityOf(options)',
      'this.deadline = keeper.clock.now() + validityOf(options)',
    ],
    ['Math.max(this.deadline, sentAt + validityOf(this.options))', 'clock.now() + validityOf(this.options)'],
  ],
  'signal-never-fires': [['if (now >= this.deadline) return this.lose(', 'if (now >= this.deadline) return void (']],
  'any-may-release': [
    ["if not held or string.match(held, '^([^#]*)#') ~= ARGV[1] then return 0 end", 'if not held then return 0 end'],
  ],
  'tokens-from-counter': [["'0') + 1, time[1] * 1000000 + time[2])", "'0') + 1, 1)"]],
  'fence-refuses-nobody': [['if token < seen then return REFUSED end', '']],
  'one-permit-too-many': [
    ["or redis.call('ZCARD', KEYS[1]) < limit then", "or redis.call('ZCARD', KEYS[1]) <= limit then"],
  ],
  'permits-renewed-unseen': [["if not redis.call('ZSCORE', KEYS[1], id) then return 0 end", '']],
  'twice-its-time': [[', ttlMs / 100) - graceMs', ', ttlMs / 100) - graceMs + ttlMs']],
  'no-time-to-step-down': [[', ttlMs / 100) - graceMs', ', ttlMs / 100)']],
  'wakes-alone': [['Math.min(end - clock.now(), pause, Math.max(0, retryMs) + pauses.jitter())', 'end - clock.now()']],
};
