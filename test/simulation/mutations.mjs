// Planted bugs: at least one for each primitive, as changes to the text of the bundle.

/** @type {{ world: string, bug: string, changes: [string, string][] }[]} */
export const mutations = [
  {
    world: 'lease',
    bug: 'renew and release without comparing the value',
    changes: [
      ["if not held or string.match(held, '^([^#]*)#') ~= ARGV[1] then return 0 end", 'if not held then return 0 end'],
    ],
  },
  {
    world: 'lease',
    bug: 'tokens from the counter alone, which a wipe resets',
    changes: [["'0') + 1, time[1] * 1000000 + time[2])", "'0') + 1, 1)"]],
  },
  {
    world: 'lease',
    bug: 'validity counted from the reply',
    changes: [
      [
        'this.deadline = options.sentAt + validityOf(options)',
        'this.deadline = keeper.clock.now() + validityOf(options)',
      ],
    ],
  },
  {
    world: 'lease',
    bug: 'the fence refuses nobody',
    changes: [['if token < seen then return REFUSED end', '']],
  },
  {
    world: 'lease',
    bug: 'no margin for clocks that differ in pace',
    changes: [[', ttlMs / 100) - graceMs', ', 0) * 0 - graceMs']],
  },
  {
    world: 'leader',
    bug: 'a term is relied on for twice its time',
    changes: [['ttlMs / 100) - graceMs', 'ttlMs / 100) - graceMs + ttlMs']],
  },
  {
    world: 'leader',
    bug: 'candidates rely on being woken',
    changes: [['Math.min(end - clock.now(), pause, Math.max(0, retryMs) + pauses.jitter())', 'end - clock.now()']],
  },
  {
    world: 'limiter',
    bug: 'GCRA by the clock of the client',
    changes: [
      [
        'const reply = await port.script(gcraScript, [key], [\n',
        'const reply = await port.script(gcraScript, [key], [\nMath.round(sentAt * 1000),\n',
      ],
      [
        'local interval = tonumber(ARGV[1])\nlocal tau = interval * tonumber(ARGV[2])\nlocal cost = tonumber(ARGV[3])',
        'now = tonumber(ARGV[1])\nlocal interval = tonumber(ARGV[2])\nlocal tau = interval * tonumber(ARGV[3])\nlocal cost = tonumber(ARGV[4])',
      ],
    ],
  },
  {
    world: 'limiter',
    bug: 'one more than the burst',
    changes: [['if new - now > tau then', 'if new - now > tau + interval then']],
  },
  {
    world: 'semaphore',
    bug: 'expired permits are not dropped',
    changes: [["redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))", '']],
  },
  {
    world: 'semaphore',
    bug: 'a renewal brings an expired permit back',
    changes: [["if not redis.call('ZSCORE', KEYS[1], id) then return 0 end", '']],
  },
  {
    world: 'semaphore-fair',
    bug: 'whoever asks is let in',
    changes: [["local first = redis.call('ZRANK', KEYS[2], id) == 0", 'local first = true']],
  },
  {
    world: 'semaphore-fair',
    bug: 'tickets of the dead stay in the queue',
    changes: [
      ["redis.call('ZREM', KEYS[2], dead)\n    redis.call('ZREM', KEYS[3], dead)", "redis.call('ZREM', KEYS[3], dead)"],
    ],
  },
  {
    world: 'idempotency',
    bug: 'an outcome is stored without comparing the nonce',
    changes: [['if record[2] ~= ARGV[1] then return 0 end', '']],
  },
  {
    world: 'idempotency',
    bug: 'a request under the key of another is taken for it',
    changes: [["if state and record[3] ~= ARGV[2] then return {'conflict'} end", '']],
  },
  {
    world: 'queue',
    bug: 'settled without a look at the receipt',
    changes: [['if not holds(id, ARGV[i + 1]) then', 'if false then']],
  },
  {
    world: 'queue',
    bug: 'jobs are taken over from workers that are at it',
    changes: [["'IDLE', ARGV[7], '-', '+', count))", "'IDLE', 100, '-', '+', count))"]],
  },
  {
    world: 'queue',
    bug: 'jobs of lost workers are not taken over',
    changes: [['const taken = await this.take(reclaimJobs, want, [vtMs]);', 'const taken = 0;']],
  },
  {
    world: 'queue',
    bug: 'delayed jobs come a second too soon',
    changes: [
      [
        "'ZRANGEBYSCORE', delayed, '-inf', string.format('%.0f', now), 'LIMIT'",
        "'ZRANGEBYSCORE', delayed, '-inf', string.format('%.0f', now + 1000), 'LIMIT'",
      ],
    ],
  },
  {
    world: 'queue',
    bug: 'a clock that shows less than zero is behind every time to look',
    changes: [
      ['\treclaimAt = -Infinity;\n\tsweepAt', '\treclaimAt = 0;\n\tsweepAt'],
      ['taken === want ? -Infinity : this.port.clock', 'taken === want ? 0 : this.port.clock'],
      ['this.reclaimAt = -Infinity;', 'this.reclaimAt = 0;'],
    ],
  },
  {
    world: 'waitFor',
    bug: 'a read that failed is not repeated',
    changes: [['this.pollLater(watch, false);', '']],
  },
  {
    world: 'waitFor',
    bug: 'a change during a read is forgotten',
    changes: [['watch.stale = true;\n\t\t\treturn;', 'return;']],
  },
  {
    world: 'waitFor',
    bug: 'a budget lasts half a second longer',
    changes: [
      [
        'clock.after(budgetMs || this.port.defaultDeadlineMs',
        'clock.after(budgetMs + 500 || this.port.defaultDeadlineMs',
      ],
    ],
  },
  {
    world: 'barrier',
    bug: 'a generation that was lost counts as opened',
    changes: [
      [
        "if string.find(opened, ' ' .. ARGV[1] .. ' ', 1, true) then",
        "if tonumber(redis.call('HGET', KEYS[1], 'generation') or '0') > generation then",
      ],
    ],
  },
  {
    world: 'barrier',
    bug: 'an arrival that is sent again counts again',
    changes: [
      [
        "redis.call('HSET', KEYS[2], member, nonce)",
        "redis.call('HSET', KEYS[2], member .. redis.call('HLEN', KEYS[2]), nonce)",
      ],
    ],
  },
  {
    world: 'latch',
    bug: 'who counts down twice counts twice',
    changes: [
      ["redis.call('SADD', KEYS[2], ARGV[2])", "redis.call('SADD', KEYS[2], ARGV[2] .. redis.call('SCARD', KEYS[2]))"],
    ],
  },
  {
    world: 'latch',
    bug: 'it closes again when somebody counts down',
    changes: [
      [
        "if count and count ~= ARGV[1] then return -tonumber(count) end\nif redis.call('HEXISTS', KEYS[1], 'open') == 1 then return 0 end\nif not count",
        "if count and count ~= ARGV[1] then return -tonumber(count) end\nredis.call('HDEL', KEYS[1], 'open')\nif not count",
      ],
    ],
  },
  {
    world: 'coalescer',
    bug: 'the first to leave gives up for all',
    changes: [['if (flight.callers > 0) return;', '']],
  },
  {
    world: 'coalescer',
    bug: 'who comes after all have left joins what was given up',
    changes: [
      [
        'if (flights.get(key) === flight) flights.delete(key);\n\t\tflight.controller.abort(reason);',
        'flight.controller.abort(reason);',
      ],
    ],
  },
  {
    world: 'cache',
    bug: 'published without a look at the fill lease',
    changes: [["if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end", '']],
  },
  {
    world: 'cache',
    bug: 'a lease for everybody',
    changes: [
      [
        "redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])",
        "redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])",
      ],
    ],
  },
  {
    world: 'cache',
    bug: 'a report that overtakes its reply is forgotten',
    changes: [['if (ticket?.valid !== true) return;', 'if (ticket === void 0) return;']],
  },
  {
    world: 'cache',
    bug: 'a lost connection leaves what it should have reported',
    changes: [['this.entries.clear();\n\t\t\tthis.versions.clear();', '']],
  },
  {
    world: 'cache',
    bug: 'connections that only receive are not probed',
    changes: [['}, () => link.close());', '}, () => {});']],
  },
  {
    world: 'cache',
    bug: 'memory is relied on however long nothing was heard',
    changes: [['now <= this.tracker.validUntil', 'true']],
  },
  {
    world: 'cache',
    bug: 'so are versions in memory',
    changes: [['relies ? near.version(key) : void 0', 'near.version(key)']],
  },
  {
    world: 'playbook',
    bug: 'written down whatever the token',
    changes: [['if not token or tonumber(token) > tonumber(ARGV[1]) then return 0 end', '']],
  },
  {
    world: 'playbook',
    bug: 'steps that are done are done again',
    changes: [['if (Object.hasOwn(results, step.name)) continue;', '']],
  },
  // Bugs that the simulation found.
  {
    world: 'limiter',
    bug: 'a time that is too far ahead is cut anew by each refusal',
    changes: [['if cost ~= 0 and stored and tonumber(stored) > tat then', 'if false then']],
  },
  {
    world: 'idempotency',
    bug: 'a run whose outcome cannot be stored is renewed for ever',
    changes: [['await begun[Symbol.asyncDispose]();', '']],
  },
  {
    world: 'waitFor',
    bug: 'of two timers to close the tracker one is forgotten',
    changes: [['this.lingering?.cancel();\n\t\tthis.lingering = ', 'this.lingering = ']],
  },
];
