// Five shapes of scripts on redis-server and ours, interleaved, as ratios of medians.
//
//   node test/bench/scripts.mjs [--rounds 5] [--json]
//
// Each shape is measured `rounds` times, the two servers taking turns. Below 1: ours needs less time.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
});

const LIMITER = `
local now, window, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - window)
local used = redis.call('ZCARD', KEYS[1])
if used < limit then
  redis.call('ZADD', KEYS[1], now, ARGV[4])
  redis.call('PEXPIRE', KEYS[1], window)
  return {1, limit - used - 1}
end
return {0, 0}`;

/** One run of a shape: its commands, sent as one pipeline. */
const SHAPES = {
  'S1 arithmetic loop': () => [['EVAL', 'local s = 0 for i = 1, 3000000 do s = s + i % 7 * 2 end return s', '0']],
  'S2 string building': () => [
    [
      'EVAL',
      `local t = {} for i = 1, 200000 do t[#t + 1] = 'item:' .. i end
       local s = table.concat(t, ',') local n = 0
       for word in string.gmatch(s, 'item:(%d+)') do n = n + #word end
       return n + #string.gsub(s, 'item', 'x')`,
      '0',
    ],
  ],
  'S3 JSON in Lua': () => [
    [
      'EVAL',
      `local total = 0
       for i = 1, 4000 do
         local text = cjson.encode({id = i, name = 'user ' .. i, tags = {'a', 'b', 'c'}, nested = {x = 1.5, ok = true}})
         local back = cjson.decode(text)
         total = total + back.id + #back.tags
       end
       return total`,
      '0',
    ],
  ],
  'S4 20k SET and GET': () => [
    ['EVAL', `for i = 1, 20000 do redis.call('SET', 'key:' .. i, i) redis.call('GET', 'key:' .. i) end return 1`, '0'],
  ],
  'S5 limiter 10k times': (sha) =>
    Array.from({ length: 10_000 }, (_, i) => [
      'EVALSHA',
      sha,
      '1',
      `limit:${i % 100}`,
      String(1_700_000_000_000 + i),
      '60000',
      '50',
      `m${i}`,
    ]),
};

const scratch = mkdtempSync(join(tmpdir(), 'paxx-bench-'));
const children = [];
try {
  const ours = await open(await startOurs());
  const theirs = await open(await startTheirs());
  const servers = { ours, theirs };
  const sha = await ours.run([['SCRIPT', 'LOAD', LIMITER]]);
  await theirs.run([['SCRIPT', 'LOAD', LIMITER]]);
  const digest = sha.slice(5, 45);
  const rows = [];
  for (const [shape, commands] of Object.entries(SHAPES)) {
    const times = { ours: [], theirs: [] };
    for (let round = -1; round < Number(values.rounds); round++) {
      for (const name of round % 2 === 0 ? ['ours', 'theirs'] : ['theirs', 'ours']) {
        await servers[name].run([['FLUSHALL']]);
        const started = performance.now();
        const answer = await servers[name].run(commands(digest));
        if (answer.includes('-ERR') || answer.includes('-NOSCRIPT'))
          throw new Error(`${shape}: ${answer.slice(0, 200)}`);
        if (round >= 0) times[name].push(performance.now() - started);
      }
    }
    const [mine, other] = [median(times.ours), median(times.theirs)];
    rows.push({ shape, ours: mine, theirs: other, ratio: mine / other });
    if (!values.json) {
      console.log(
        `${shape.padEnd(24)} ours ${mine.toFixed(1)} ms, redis-server ${other.toFixed(1)} ms: ${(mine / other).toFixed(2)}`,
      );
    }
  }
  if (values.json) console.log(JSON.stringify({ node: process.version, rows }));
  ours.close();
  theirs.close();
} finally {
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(children.map((child) => child.exitCode ?? new Promise((done) => child.once('exit', done))));
  rmSync(scratch, { recursive: true, force: true });
}

function median(list) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
}

/** A connection that sends a pipeline and waits for as many answers. */
async function open(port) {
  const socket = connect(port, '127.0.0.1');
  await new Promise((done) => socket.once('connect', done));
  return {
    close: () => socket.destroy(),
    run: (commands) =>
      new Promise((done) => {
        let text = '';
        const take = (chunk) => {
          text += chunk.toString('latin1');
          if (!text.endsWith('+done\r\n')) return;
          socket.off('data', take);
          done(text);
        };
        socket.on('data', take);
        const marked = [...commands, ['EVAL', "return redis.status_reply('done')", '0']];
        socket.write(marked.map(encode).join(''));
      }),
  };
}

function encode(argv) {
  return `*${argv.length}\r\n${argv.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

async function startOurs() {
  const bundle = join(scratch, 'server.mjs');
  const build = await rolldown({
    input: join(here, 'server-main.ts'),
    platform: 'node',
    logLevel: 'silent',
    external: [/^node:/],
  });
  await build.write({ file: bundle, format: 'esm', codeSplitting: false });
  const child = spawn(process.execPath, [bundle, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return Number(await said(child, /ready (\d+)/));
}

async function startTheirs() {
  const port = await freePort();
  const child = spawn('redis-server', ['--port', String(port), '--save', '', '--dir', scratch], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await said(child, /(Ready to accept connections)/);
  return port;
}

function said(child, pattern) {
  return new Promise((done) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const match = pattern.exec(text);
      if (match !== null) done(match[1]);
    });
  });
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}
