/**
 * The app under test: loads a rendered module in a process of its own and does over IPC what the test asks.
 * Computations wait for a gate, so that a test decides when they end. Started with: agent.cjs <redis> <cache>.
 */
'use strict';

const gates = new Map();
const counts = new Map();
let held;

process.on('unhandledRejection', (error) => process.send({ crash: `unhandledRejection: ${error}` }));
process.on('uncaughtException', (error) => process.send({ crash: `uncaughtException: ${error.stack}` }));

const operations = {
  /** Any function of the two files, by its path: `cache.get`, `redis.redisHealth`, `cache.namespace:users.get`. */
  async call({ path, args }, { redis, cache }) {
    const [file, name, method] = path.split('.');
    const exports = file === 'redis' ? redis : cache;
    if (!method) return exports[name](...args);
    const [owner, namespace] = name.split(':');
    const target = namespace ? exports[owner].namespace(namespace) : exports[owner];
    return target[method](...args);
  },
  /** Several callers of one key; each result is reported. The computation waits for `open` when a gate is named. */
  async compute({ key, callers = 1, options = { ttl: 60 }, value, gate, fail, copy }, modules) {
    const { cache } = copy ? modules.second : modules;
    const run = async () => {
      counts.set(key, (counts.get(key) || 0) + 1);
      if (gate) await gateOf(gate).opened;
      if (fail) throw new Error(fail);
      return value;
    };
    const calls = Array.from({ length: callers }, () => cache.cache.getOrCompute(key, options, run));
    const settled = await Promise.allSettled(calls);
    const objects = settled.map((result) => result.value).filter((result) => typeof result === 'object' && result !== null);
    if (new Set(objects).size < objects.length) throw new Error('callers share one object');
    return settled.map((result) => (result.status === 'fulfilled' ? { value: result.value } : { error: result.reason.message }));
  },
  open: ({ gate }) => gateOf(gate).open(),
  count: ({ key }) => counts.get(key) || 0,
  /** A raw command of the client, to look at keys as they are. */
  async raw({ command }, { redis }) {
    const client = await redis.getRedis();
    return client.call ? client.call(...command) : client.sendCommand(command);
  },
  /** A cache whose serializer marks what it writes. */
  async marked({ key, value }, { cache }) {
    const serializer = {
      stringify: (data) => `marked ${JSON.stringify(data)}`,
      parse: (text) => JSON.parse(text.replace(/^marked /, '')),
    };
    const marked = cache.createCache({ serializer, namespace: 'marked' });
    if (value !== undefined) await marked.set(key, value);
    return marked.get(key);
  },
  /** A caller right behind a delete that nobody waits for. */
  async deleteAndCompute({ key, value }, { cache }) {
    const deleted = cache.cache.delete(key);
    const result = await cache.cache.getOrCompute(key, { ttl: 60 }, () => value);
    await deleted;
    return result;
  },
  /** One caller while a delete is under way, who is slow, and one after it. */
  async computeAroundDelete({ key }, { cache }) {
    const deleted = cache.cache.delete(key);
    const during = cache.cache.getOrCompute(key, { ttl: 60 }, () => gateOf(key).opened.then(() => 'during'));
    await deleted;
    const after = await cache.cache.getOrCompute(key, { ttl: 60 }, () => 'after');
    gateOf(key).open();
    return [await during, after];
  },
  /** The client itself, as code holds it that has once called getRedis(). */
  hold: async (_, { redis }) => void (held = await redis.getRedis()),
  held: () => held.get('shop:{k}'),
  connected: (_, { redis }) => redis.getRedis().then(() => true, () => false),
  sameClient: async (_, { redis, second }) => (await redis.getRedis()) === (await second.redis.getRedis()),
  silence: (_, { redis }) => redis.configureRedis({ log: (log) => process.send({ log }) }),
  env: ({ name, value }) => void (process.env[name] = value),
  /** Let the process end by itself, if nothing of the module holds it. */
  leave: () => void setImmediate(() => process.disconnect()),
};

function gateOf(name) {
  if (!gates.has(name)) {
    const gate = {};
    gate.opened = new Promise((resolve) => (gate.open = resolve));
    gates.set(name, gate);
  }
  return gates.get(name);
}

async function main() {
  const [redisFile, cacheFile, secondRedis, secondCache] = process.argv.slice(2);
  const modules = { redis: await import(redisFile), cache: await import(cacheFile) };
  modules.second = { redis: await import(secondRedis), cache: await import(secondCache) };
  process.on('message', async ({ id, operation, input }) => {
    const started = process.hrtime.bigint();
    const answer = await Promise.resolve()
      .then(() => operations[operation](input, modules))
      .then((result) => ({ result }), (error) => ({ error: error.message }));
    const ms = Number(process.hrtime.bigint() - started) / 1e6;
    if (process.connected) process.send({ id, ms, ...answer });
  });
  process.send({ ready: true });
}

main();
