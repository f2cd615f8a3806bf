// npm run bench:server: redis-benchmark against redis-server and ours, interleaved, as ratios of medians.
//
//   node test/bench/server.mjs [-P 1,16,100] [-d 3,1024] [-t set,get,…] [--rounds 5] [--cpu] [--json]
//   node test/bench/server.mjs --startup     start in this process to the first PONG, against spawning redis-server
//   node test/bench/server.mjs --memory      bytes per key at a million small keys
//
// Each cell is measured `rounds` times, the two servers taking turns, so that a noisy machine disturbs both alike.
// Data stays between tests, as in a plain run of redis-benchmark: GET finds what SET left.
// Above 1: ours serves more requests per second. --cpu adds the processor time of each server per request.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { rolldown } from 'rolldown';

const here = dirname(fileURLToPath(import.meta.url));
const DEFAULT_TESTS =
  'ping_inline,ping_mbulk,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,lrange_300,lrange_500,lrange_600,mset';
const REQUESTS = { 1: 40_000, 16: 200_000, 100: 400_000 };

const { values } = parseArgs({
  options: {
    pipeline: { type: 'string', short: 'P', default: '1,16,100' },
    size: { type: 'string', short: 'd', default: '3' },
    tests: { type: 'string', short: 't', default: DEFAULT_TESTS },
    rounds: { type: 'string', default: '5' },
    clients: { type: 'string', short: 'c', default: '50' },
    cpu: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    prof: { type: 'boolean', default: false },
    startup: { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
  },
});

const scratch = mkdtempSync(join(tmpdir(), 'paxx-bench-'));
const children = [];
try {
  if (values.startup) await measureStartup();
  if (values.memory) await measureMemory();
  if (!values.startup && !values.memory) await measureThroughput();
} finally {
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(children.map((child) => child.exitCode ?? new Promise((done) => child.once('exit', done))));
  rmSync(scratch, { recursive: true, force: true });
}

async function measureThroughput() {
  const ours = await startOurs();
  const theirs = await startTheirs();
  const rows = [];
  for (const size of values.size.split(',')) {
    for (const pipeline of values.pipeline.split(',')) {
      for (const test of values.tests.split(',')) rows.push(await cell(ours, theirs, test, pipeline, size));
      report(rows.filter((row) => row.pipeline === pipeline && row.size === size));
    }
  }
  if (values.json) console.log(JSON.stringify({ cpu: cpus()[0]?.model, node: process.version, rows }));
}

/** What a test file pays: the server started in its process, module loaded, against a spawned redis-server. */
async function measureStartup() {
  await bundleServer(join(here, '../../src/server/index.ts'), 'index.mjs');
  const loading = performance.now();
  const { startServer } = await import(pathToFileURL(join(scratch, 'index.mjs')));
  const imported = performance.now() - loading;
  /** Each starts a server, waits for its PONG, and returns what ends it. */
  const starters = {
    async ours() {
      const redis = await startServer();
      await firstPong(redis.port);
      return () => redis.stop();
    },
    // What Node itself needs to listen, accept and answer.
    async bare() {
      const bare = createServer((socket) => socket.once('data', () => socket.end('+PONG\r\n')));
      await new Promise((done) => bare.listen(0, '127.0.0.1', done));
      await firstPong(bare.address().port);
      return () => bare.close();
    },
    async theirs(port) {
      const child = spawn('redis-server', ['--port', String(port), '--save', '', '--bind', '127.0.0.1'], {
        stdio: 'ignore',
        cwd: scratch,
      });
      await firstPong(port);
      return () => {
        child.kill('SIGKILL');
        return new Promise((done) => child.once('exit', done));
      };
    },
  };
  const names = Object.keys(starters);
  const samples = { ours: [], bare: [], theirs: [] };
  for (let round = 0; round < 45; round++) {
    // Whatever runs first in a process that has just spawned another one pays for that: they take turns.
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      const port = await freePort();
      const began = performance.now();
      const end = await starters[name](port);
      samples[name].push(performance.now() - began);
      await end();
    }
  }
  const [ours, theirs] = [median(samples.ours), median(samples.theirs)];
  console.log(`import of @paxx/server            ${imported.toFixed(1)} ms`);
  console.log(`startServer() to first PONG       ${ours.toFixed(2)} ms (first ${samples.ours[0].toFixed(1)})`);
  console.log(`a bare server of node:net         ${median(samples.bare).toFixed(2)} ms`);
  console.log(`spawning redis-server to PONG     ${theirs.toFixed(2)} ms`);
  console.log(`ratio                             ${(ours / theirs).toFixed(3)}`);
}

async function measureMemory() {
  const count = 1_000_000;
  const ours = await startOurs();
  const theirs = await startTheirs();
  const figures = {};
  for (const [name, server] of Object.entries({ theirs, ours })) {
    const [usedBefore, rssBefore] = [await usedMemory(server.port), residentBytes(server.pid)];
    await promisify(execFile)('sh', ['-c', `${fill(count)} | redis-cli -p ${server.port} --pipe`], {
      maxBuffer: 1 << 24,
    });
    // A moment for the garbage collector to be done with what the loading left.
    await new Promise((done) => setTimeout(done, 2000));
    figures[name] = {
      used: ((await usedMemory(server.port)) - usedBefore) / count,
      rss: (residentBytes(server.pid) - rssBefore) / count,
    };
  }
  console.log(`bytes per key at ${count} keys key:N -> 10 bytes   used_memory      RSS`);
  for (const [name, { used, rss }] of Object.entries(figures)) {
    console.log(`${name.padEnd(45)} ${used.toFixed(1).padStart(14)} ${rss.toFixed(1).padStart(8)}`);
  }
  const { theirs: a, ours: b } = figures;
  console.log(`ratio ${(b.used / a.used).toFixed(2)}, resident ${(b.rss / a.rss).toFixed(2)}, `);
}

/** A shell command that prints SET commands in the wire format. */
function fill(count) {
  const program =
    'let o="";for(let i=0;i<+process.argv[1];i++){const k="key:"+i,v=String(i).padStart(10,"v");' +
    'o+=`*3\\r\\n$3\\r\\nSET\\r\\n$${k.length}\\r\\n${k}\\r\\n$10\\r\\n${v}\\r\\n`;' +
    'if(o.length>65536){require("fs").writeSync(1,o);o=""}}require("fs").writeSync(1,o)';
  return `'${process.execPath}' -e '${program}' ${count}`;
}

async function usedMemory(port) {
  const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(port), 'info', 'memory']);
  return Number(/used_memory:(\d+)/.exec(stdout)[1]);
}

function residentBytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}

/** Connect, again and again, until something answers. */
function firstPong(port) {
  return new Promise((done) => {
    const attempt = () => {
      const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
      socket.once('error', () => setTimeout(attempt, 1));
      socket.once('data', () => {
        socket.destroy();
        done();
      });
    };
    attempt();
  });
}

async function bundleServer(input, file) {
  const bundle = await rolldown({ input, platform: 'node', logLevel: 'silent' });
  await bundle.write({ file: join(scratch, file), format: 'esm', codeSplitting: false });
  await bundle.close();
}

async function cell(ours, theirs, test, pipeline, size) {
  const heavy = test.startsWith('lrange') ? 10 : test === 'mset' ? 4 : 1;
  const requests = Math.round((REQUESTS[pipeline] ?? 200_000) / heavy);
  const samples = { ours: [], theirs: [] };
  for (const server of [ours, theirs]) await benchmark(server.port, test, 16, size, Math.round(50_000 / heavy));
  for (let round = 0; round < Number(values.rounds); round++) {
    const order = round % 2 === 0 ? ['ours', 'theirs'] : ['theirs', 'ours'];
    for (const name of order) {
      const server = name === 'ours' ? ours : theirs;
      const before = cpuTime(server.pid);
      const rps = await benchmark(server.port, test, pipeline, size, requests);
      samples[name].push({ rps, cpu: (cpuTime(server.pid) - before) / requests });
    }
  }
  return {
    test,
    pipeline,
    size,
    ours: median(samples.ours.map((sample) => sample.rps)),
    theirs: median(samples.theirs.map((sample) => sample.rps)),
    oursCpu: median(samples.ours.map((sample) => sample.cpu)),
    theirsCpu: median(samples.theirs.map((sample) => sample.cpu)),
  };
}

function report(rows) {
  const { pipeline, size } = rows[0];
  console.log(`\n-P ${pipeline} -d ${size} -c ${values.clients}, median of ${values.rounds}`);
  console.log('test           redis-server         ours   ratio' + (values.cpu ? '   cpu ratio' : ''));
  for (const row of rows) {
    const cpu = values.cpu ? (row.oursCpu / row.theirsCpu).toFixed(2).padStart(12) : '';
    const figures = `${format(row.theirs)} ${format(row.ours)} ${(row.ours / row.theirs).toFixed(2).padStart(7)}${cpu}`;
    console.log(`${row.test.padEnd(12)} ${figures}`);
  }
  const ratios = rows.map((row) => row.ours / row.theirs).filter((ratio) => ratio > 0);
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  console.log(`geometric mean ${mean.toFixed(3)}, least ${Math.min(...ratios).toFixed(2)}, of ${ratios.length} tests`);
}

function format(rps) {
  return Math.round(rps).toLocaleString('en').padStart(13);
}

/** Requests per second of the test; of several result lines (LRANGE fills its list first) the last counts. */
async function benchmark(port, test, pipeline, size, requests) {
  const args = [
    '-p',
    port,
    '-c',
    values.clients,
    '-P',
    pipeline,
    '-n',
    requests,
    '-r',
    100_000,
    '-d',
    size,
    '-t',
    test,
    '--csv',
  ];
  const { stdout } = await promisify(execFile)('redis-benchmark', args.map(String));
  const line = stdout.trim().split('\n').at(-1).split('","');
  return Number(line[1].replaceAll('"', ''));
}

async function startOurs() {
  await bundleServer(join(here, 'server-main.ts'), 'server.mjs');
  const port = await freePort();
  const prof = values.prof ? ['--cpu-prof', '--cpu-prof-dir', process.cwd()] : [];
  const child = spawn(process.execPath, [...prof, join(scratch, 'server.mjs'), String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise((done) => child.stdout.once('data', done));
  return { port, pid: child.pid };
}

async function startTheirs() {
  const port = await freePort();
  const child = spawn(
    'redis-server',
    ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'].map(String),
    {
      stdio: 'ignore',
      cwd: scratch,
    },
  );
  children.push(child);
  for (;;) {
    const pong = await promisify(execFile)('redis-cli', ['-p', String(port), 'ping']).catch(() => ({ stdout: '' }));
    if (pong.stdout.trim() === 'PONG') return { port, pid: child.pid };
  }
}

/** Nanoseconds on a processor, all threads; 0 where the system does not tell. */
function cpuTime(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]))
      .reduce((sum, time) => sum + time, 0);
  } catch {
    return 0;
  }
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

function median(list) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
}
