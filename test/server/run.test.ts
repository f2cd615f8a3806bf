/** The server as a process: redis-server's command line, signals, files, the image's file tree, and `paxx redis`. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { lastDirective, parseCommandLine, StartError } from '../../src/server/run/command-line.ts';
import { ping } from '../../src/server/run/ping.ts';
import { runServer } from '../../src/server/run/run-server.ts';
import { hasRedisServer } from '../support/redis-server.ts';
import { openWire } from '../support/wire-client.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const withRedis = hasRedisServer();
let folder: string;
let main: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paxx-run-'));
  main = join(folder, 'main.js');
  const input = join(root, 'src/server/run/main.ts');
  const bundle = await rolldown({ input, platform: 'node', logLevel: 'silent' });
  await bundle.write({ file: main, format: 'esm', codeSplitting: false });
  await bundle.close();
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
  readonly url: string;
  readonly output: () => string;
  readonly exit: Promise<readonly [number | null, string | null]>;
}

async function start(...args: string[]): Promise<Started> {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    env: environment(),
    cwd: folder,
  });
  children.push(child);
  let output = '';
  child.stdout!.on('data', (bytes) => (output += String(bytes)));
  child.stderr!.on('data', (bytes) => (output += String(bytes)));
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
  const [message] = (await once(child, 'message')) as [{ ready: boolean; port: number; url: string; reason: string }];
  if (!message.ready) throw new Error(message.reason);
  return { child, port: message.port, url: message.url, output: () => output, exit };
}

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], XDG_RUNTIME_DIR: folder };
}

describe('the command line', () => {
  it('turns options into configuration lines that win over the file', async () => {
    const inner = join(folder, 'inner.conf');
    const outer = join(folder, 'outer.conf');
    await writeFile(inner, 'maxmemory 10mb\nport 1\n');
    await writeFile(outer, `# a comment\nport 2\ninclude ${inner}\n`);
    const { file, text } = parseCommandLine([outer, '--port', '3', '--save', '--bind', '*', '-::*']);
    expect(file).toBe(outer);
    expect(lastDirective(text, 'port')).toBe('3');
    expect(lastDirective(text, 'maxmemory')).toBe('10mb');
    expect(lastDirective(text, 'save')).toBe('');
    expect(lastDirective(text, 'bind')).toBe('* -::*');
    expect(parseCommandLine(['-', '--port', '5'], () => 'port 4').text).toBe('port 4\nport "5"\n');
    expect(parseCommandLine([inner, '--port', '5', '-'], () => 'port 4').text).toMatch(/port 1\n\nport 4\nport "5"\n$/);
    expect(parseCommandLine(['--requirepass=a "b"']).text).toBe('\nrequirepass "a \\"b\\""\n');
    expect(() => parseCommandLine([join(folder, 'none.conf')])).toThrow(StartError);
    expect(() => parseCommandLine(['--port', '1', '-x']).text).not.toThrow();
  });

  it.each([
    [['--port']],
    [['--port', '6380', '--loglevel']],
    [['--port', '--loglevel', 'verbose']],
    [['--logfile', '--my--log--file', '--loglevel', '--bla']],
    [['--shutdown-on-sigint', 'now force', '--shutdown-on-sigterm']],
    [['--replicaof', '--127.0.0.1', '--abc']],
    [['--replicaof', '127.0.0.1', 'abc']],
    [['--port 1', '--maxmemory "7']],
    [['--save', '5']],
    [['--nonsense', '1']],
    [['--rename-command', 'none', 'other']],
    [['--appendfilename', 'a/b']],
    [['--dbfilename', 'a/b']],
    [['--client-output-buffer-limit', 'normal', '1']],
  ])('refuses %j as redis-server does', async (args) => {
    const error = (await runServer({ args }).catch((reason: unknown) => reason)) as StartError;
    expect(error.message).toContain('\n>>> ');
    if (!withRedis) return;
    const { stderr } = spawnSync('redis-server', args, { encoding: 'utf8', cwd: folder });
    expect(stderr).toBe(`\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\n${error.message}\n`);
  });

  it('calls commands by their new names', async () => {
    const server = await start('--port', '0', '--rename-command', 'FLUSHALL', 'mend', '--rename-command', 'keys', '');
    const client = await openWire(server.port);
    await client.send(['SET', 'a', '1']);
    for (const gone of ['FLUSHALL', 'KEYS']) {
      expect(await client.send([gone, '*'])).toMatchObject({ value: expect.stringContaining('unknown command') });
    }
    expect(await client.send(['EVAL', "return redis.call('flushall')", '0'])).toMatchObject({ type: 'error' });
    expect(await client.send(['MEND'])).toMatchObject({ value: 'OK' });
    expect(await client.send(['DBSIZE'])).toMatchObject({ value: 0 });
    client.close();
  });

  it('starts from a file, with options, and logs as redis-server does', async () => {
    const conf = join(folder, 'redis.conf');
    await writeFile(conf, 'port 1\nmaxmemory 50mb\ndatabases 4\nrequirepass "s e c"\n');
    const server = await start(conf, '--port', '0', '--maxmemory-policy', 'allkeys-lru');
    expect(server.output()).toMatch(/\d+:M \d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3} \* Ready to accept connections\n/);
    expect(server.output()).toContain(`PID: ${server.child.pid}`);
    const client = await openWire(server.port);
    expect(await client.send(['PING'])).toMatchObject({ value: 'NOAUTH Authentication required.' });
    expect(await client.send(['AUTH', 's e c'])).toMatchObject({ value: 'OK' });
    expect(await config(client, 'maxmemory')).toBe('52428800');
    expect(await config(client, 'maxmemory-policy')).toBe('allkeys-lru');
    expect(await config(client, 'databases')).toBe('4');
    expect(await config(client, 'port')).toBe(String(server.port));
    expect(await client.send(['SELECT', '4'])).toMatchObject({ value: 'ERR DB index is out of range' });
    expect(server.url).toBe(`redis://:s%20e%20c@127.0.0.1:${server.port}`);
    expect(await ping(server.url)).toEqual({ health: 'ready', answer: '+PONG' });
    client.close();
  });

  it('is taken for redis-server by whoever reads its output', async () => {
    const wrong = spawnSync(process.execPath, [main, '--port', 'x'], { encoding: 'utf8' });
    expect(wrong.stderr).toMatch(/^\n\*\*\* FATAL CONFIG FILE ERROR \(Redis 7\.0\.15\) \*\*\*\n.*\n>>> 'port "x"'\n/);
    expect(wrong.status).toBe(1);
    const server = await start('--port', '0', '--advertise', '7.4', '--cluster-enabled', 'yes');
    expect(server.output()).toContain(`Running mode=cluster, port=${server.port}.`);
    const client = await openWire(server.port);
    expect(await client.send(['CLUSTER', 'MYSHARDID'])).toMatchObject({ type: 'bulk' });
    expect(await client.send(['INFO', 'server'])).toMatchObject({
      value: expect.stringContaining('redis_version:7.4.0'),
    });
    client.close();
    server.child.kill('SIGINT');
    expect(await server.exit).toEqual([0, null]);
  });

  it('follows the master that its options name', async () => {
    const master = await start('--port', '0');
    const replica = await start('--port', '0', '--replicaof', '127.0.0.1', String(master.port));
    const client = await openWire(master.port);
    await client.send(['SET', 'a', '1']);
    await vi.waitFor(async () => expect(await client.send(['WAIT', '1', '1'])).toMatchObject({ value: 1 }), 20_000);
    const other = await openWire(replica.port);
    expect(await other.send(['GET', 'a'])).toMatchObject({ value: '1' });
    client.close();
    other.close();
  });

  it('outlives whoever reads its log', async () => {
    const server = await start('--port', '0', '--enable-debug-command', 'yes');
    server.child.stdout!.destroy();
    const client = await openWire(server.port);
    // Each of them is told of in the log.
    for (const name of ['a', 'b', 'c']) await client.send(['DEBUG', 'LOG', name]);
    await client.send(['CONFIG', 'SET', 'save', '1 1']);
    expect(await client.send(['PING'])).toMatchObject({ value: 'PONG' });
    client.close();
    server.child.kill('SIGTERM');
    expect(await server.exit).toEqual([0, null]);
  });

  it('says what is wrong', async () => {
    await expect(start('--port', '0', '--nonsense', '1')).rejects.toThrow('\'nonsense "1"\'\nBad directive');
    await expect(start('--port', '99999')).rejects.toThrow('argument must be between 0 and 65535 inclusive');
    await expect(start(join(folder, 'none.conf'))).rejects.toThrow("can't open config file");
    await expect(start('--port', '0', '--dir', join(folder, 'none'))).rejects.toThrow("Can't chdir");
    await expect(start('--port', '0', '--bind', '192.0.2.1')).rejects.toThrow('Could not listen on 192.0.2.1');
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await expect(start('--port', String(port))).rejects.toThrow(
      'Address already in use. Another server may be running',
    );
    taken.close();
  });

  it('does without addresses marked optional, and listens on several', async () => {
    const server = await start('--port', '0', '--bind', '127.0.0.1', '127.0.0.2', '-192.0.2.1');
    expect(await ping(`redis://127.0.0.1:${server.port}`)).toMatchObject({ health: 'ready' });
    expect(await ping(`redis://127.0.0.2:${server.port}`)).toMatchObject({ health: 'ready' });
  });

  it('moves to other ports and addresses, or stays where it is', async () => {
    const server = await start('--port', '0', '--bind', '127.0.0.1');
    const client = await openWire(server.port);
    const set = (...pairs: string[]): Promise<unknown> => client.send(['CONFIG', 'SET', ...pairs]);
    const port = await freePort();
    expect(await set('port', String(port))).toMatchObject({ value: 'OK' });
    expect([await answers('127.0.0.1', port), await answers('127.0.0.1', server.port)]).toEqual([true, false]);
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const other = (taken.address() as AddressInfo).port;
    expect(await set('maxmemory', '50mb', 'port', String(other))).toMatchObject({
      value:
        "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.",
    });
    taken.close();
    expect([await config(client, 'port'), await config(client, 'maxmemory')]).toEqual([String(port), '0']);
    expect(await set('bind', '192.0.2.1')).toMatchObject({
      value: "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses.",
    });
    expect(await answers('127.0.0.1', port)).toBe(true);
    // What was bound stands in the way of the wider address.
    expect(await set('bind', '* -::*')).toMatchObject({ value: 'OK' });
    expect(await answers('127.0.0.2', port)).toBe(true);
    await client.send(['MULTI']);
    await set('bind', '127.0.0.2 -192.0.2.1');
    expect(await client.send(['EXEC'])).toMatchObject({ items: [{ value: 'OK' }] });
    expect([await answers('127.0.0.1', port), await answers('127.0.0.2', port)]).toEqual([false, true]);
    expect(await set('bind', '')).toMatchObject({ value: 'OK' });
    expect(await answers('127.0.0.2', port)).toBe(false);
    expect(await client.send(['PING'])).toMatchObject({ value: 'PONG' });
    client.close();
  });

  it('listens on a unix socket alone when the port is 0', async () => {
    const path = join(folder, 'redis.sock');
    const server = await start('--port', '0', '--unixsocket', path, '--unixsocketperm', '700');
    expect(server.url).toBe(`redis+unix://${path}`);
    expect(await ping(server.url)).toMatchObject({ health: 'ready' });
    server.child.kill('SIGTERM');
    expect(await server.exit).toEqual([0, null]);
    expect(existsSync(path)).toBe(false);
  });

  it('prints version and help', async () => {
    const run = promisify(execFile);
    expect((await run(process.execPath, [main, '--version'])).stdout).toMatch(/^Redis server v=7\.0\.15 /);
    expect((await run(process.execPath, [main, '-h'])).stdout).toMatch(/^Usage: /);
  });
});

describe('the end', () => {
  it('comes with the first SIGTERM, exit code 0, pid file removed', async () => {
    const pidfile = join(folder, 'server.pid');
    const server = await start('--port', '0', '--pidfile', pidfile);
    expect(await readFile(pidfile, 'utf8')).toBe(`${server.child.pid}\n`);
    const client = await openWire(server.port);
    await client.send(['PING']);
    server.child.kill('SIGTERM');
    expect(await server.exit).toEqual([0, null]);
    expect(server.output()).toContain('Received SIGTERM scheduling shutdown...');
    expect(server.output()).toContain('bye bye...');
    expect(existsSync(pidfile)).toBe(false);
  });

  it('waits two seconds at most for clients that do not read, and not at all on the second signal', async () => {
    for (const signals of [1, 2]) {
      const server = await start('--port', '0');
      const client = await openWire(server.port);
      await client.send(['SET', 'k', 'x'.repeat(1 << 20)]);
      client.socket.pause();
      for (let i = 0; i < 40; i++) client.raw('GET k\r\n');
      const other = await openWire(server.port);
      while (!JSON.stringify(await other.send(['CLIENT', 'LIST'])).includes('cmd=get')) await turn();
      const began = performance.now();
      for (let i = 0; i < signals; i++) {
        server.child.kill('SIGTERM');
        if (signals > 1) while (!server.output().includes('Received SIGTERM')) await turn();
      }
      const [code] = await server.exit;
      const took = performance.now() - began;
      expect(code).toBe(signals === 1 ? 0 : 1);
      expect(took).toBeLessThan(signals === 1 ? 4000 : 1400);
      client.close();
      other.close();
    }
  });

  it('does not come while the data cannot be saved, unless a second signal insists', async () => {
    const dir = join(folder, 'unsaved');
    await mkdir(dir);
    const server = await start('--port', '0', '--dir', dir);
    // In the way of the file.
    await mkdir(join(dir, 'dump.rdb'));
    const client = await openWire(server.port);
    await client.send(['SET', 'a', '1']);
    server.child.kill('SIGTERM');
    await vi.waitFor(() => expect(server.output()).toContain("Error trying to save the DB, can't exit."), 20_000);
    expect(await client.send(['SHUTDOWN'])).toMatchObject({ value: 'ERR Errors trying to SHUTDOWN. Check logs.' });
    expect(await client.send(['GET', 'a'])).toMatchObject({ value: '1' });
    server.child.kill('SIGTERM');
    expect(await server.exit).toEqual([1, null]);
    client.close();
  });

  it('comes with SHUTDOWN', async () => {
    const server = await start('--port', '0');
    const client = await openWire(server.port);
    await client.post(['SHUTDOWN', 'NOSAVE']);
    expect(await server.exit).toEqual([0, null]);
    client.close();
  });
});

describe('the health check', () => {
  it('tells by its exit code', async () => {
    const server = await start('--port', '0');
    expect((await healthcheck(server.url)).stdout).toBe('ready: +PONG\n');
    server.child.kill('SIGTERM');
    await server.exit;
    await expect(healthcheck(server.url)).rejects.toMatchObject({ code: 1 });
  });
});

const mayChroot = process.getuid?.() === 0 && spawnSync('chroot', ['--version']).status === 0;
if (!mayChroot) console.warn('SKIPPED: the image cannot be tried without root and chroot');

describe.skipIf(!mayChroot)('the image', () => {
  it('runs from its own file tree, without root, healthy, and ends on its stop signal', async () => {
    const image = parseDockerfile(await readFile(join(root, 'src/server/Dockerfile'), 'utf8'));
    expect(image.instructions.filter(({ name, value }) => name === 'RUN' && /npm|apt|yarn|pnpm/.test(value))).toEqual(
      [],
    );
    const tree = join(folder, 'tree');
    await layDown(tree, image.copies);
    for (const [key, value] of Object.entries(image.environment)) expect(key + value).not.toBe('');
    const inside = (command: readonly string[]): ChildProcess =>
      spawn('chroot', [`--userspec=${image.user}`, tree, ...command], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: `/usr/local/bin:${process.env['PATH']}`, ...image.environment },
      });
    const port = await freePort();
    // What `docker run image --port …` makes of the entry point.
    const server = inside([...image.entrypoint, '--port', String(port)]);
    children.push(server);
    let output = '';
    server.stdout!.on('data', (bytes) => (output += String(bytes)));
    server.stderr!.on('data', (bytes) => (output += String(bytes)));
    while (!output.includes('Ready to accept connections')) {
      if (server.exitCode !== null) throw new Error(output);
      await turn();
    }
    const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
    expect(/^Uid:\s+(\d+)/m.exec(status)![1]).toBe('1000');
    const check = inside([...image.healthcheck, `redis://127.0.0.1:${port}`]);
    let said = '';
    check.stdout!.on('data', (bytes) => (said += String(bytes)));
    check.stderr!.on('data', (bytes) => (said += String(bytes)));
    expect(await once(check, 'close'), said).toEqual([0, null]);
    expect(said).toBe('ready: +PONG\n');
    const client = await openWire(port);
    expect(await client.send(['SET', 'k', 'v'])).toMatchObject({ value: 'OK' });
    client.close();
    const exit = once(server, 'exit');
    server.kill(image.stopSignal);
    expect(await exit, output).toEqual([0, null]);
  });
});

interface Image {
  readonly instructions: readonly { readonly name: string; readonly value: string }[];
  readonly copies: readonly (readonly [from: string, to: string])[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly healthcheck: readonly string[];
  readonly stopSignal: NodeJS.Signals;
}

/** As much of Dockerfile's language as ours uses. */
function parseDockerfile(text: string): Image {
  const instructions = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ name: line.split(' ', 1)[0]!, value: line.slice(line.indexOf(' ') + 1) }));
  const last = (name: string): string => instructions.findLast((instruction) => instruction.name === name)!.value;
  return {
    instructions,
    copies: instructions
      .filter(({ name }) => name === 'COPY')
      .map(({ value }) => value.split(' ') as unknown as [string, string]),
    environment: Object.fromEntries(
      instructions
        .filter(({ name }) => name === 'ENV')
        .map(({ value }) => [value.split('=', 1)[0]!, value.slice(value.indexOf('=') + 1).replaceAll('"', '')]),
    ),
    user: last('USER'),
    entrypoint: JSON.parse(last('ENTRYPOINT')) as string[],
    healthcheck: JSON.parse(last('HEALTHCHECK').replace(/^.*CMD /, '')) as string[],
    stopSignal: last('STOPSIGNAL') as NodeJS.Signals,
  };
}

/** Node and its libraries as the base image has them, then what is copied. */
async function layDown(tree: string, copies: Image['copies']): Promise<void> {
  const node = join(tree, 'usr/local/bin/node');
  await mkdir(dirname(node), { recursive: true });
  await cp(process.execPath, node);
  const { stdout } = await promisify(execFile)('ldd', [process.execPath]);
  for (const [, library] of stdout.matchAll(/(\/\S+) \(0x/g)) {
    const target = join(tree, library!);
    await mkdir(dirname(target), { recursive: true });
    await cp(library!, target, { dereference: true });
  }
  for (const [from, to] of copies) {
    await mkdir(dirname(join(tree, to)), { recursive: true });
    await cp(join(folder, from), join(tree, to));
  }
  await mkdir(join(tree, 'data'));
  await mkdir(join(tree, 'tmp'));
  await chmod(join(tree, 'tmp'), 0o777);
  await chmod(folder, 0o755);
}

const paxx = join(root, 'dist/cli/main.js');

describe.skipIf(!existsSync(join(root, 'dist/server/run.cjs')))('paxx redis', () => {
  it('starts in the background, shows, waits and stops', async () => {
    const conf = join(folder, 'cli.conf');
    await writeFile(conf, 'maxmemory 30mb\n');
    const started = JSON.parse(
      await paxxRedis('start', conf, '--port', '0', '--detach', '--json', '--password', 'pw', '--hz', '20'),
    ) as { url: string; port: number; pid: number };
    expect(started.url).toBe(`redis://:pw@127.0.0.1:${started.port}`);
    expect(await paxxRedis('wait', '--url', started.url)).toBe(`${started.url} is ready.\n`);
    const client = await openWire(started.port);
    await client.send(['AUTH', 'pw']);
    expect(await config(client, 'maxmemory')).toBe('31457280');
    expect(await config(client, 'hz')).toBe('20');
    client.close();
    expect(JSON.parse(await paxxRedis('status', '--json'))).toMatchObject({
      servers: [{ pid: started.pid, port: started.port, health: 'ready' }],
    });
    expect(await paxxRedis('stop', '--port', String(started.port))).toContain(`(PID: ${started.pid})`);
    expect(await paxxRedis('status')).toContain('No server is running.');
    await expect(paxxRedis('wait', '--port', String(started.port), '--timeout', '0.1')).rejects.toMatchObject({
      code: 1,
    });
  });

  it('runs in the foreground until a signal', async () => {
    const child = spawn(process.execPath, [paxx, 'redis', 'start', '--port', '0', '--json'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: environment(),
      cwd: folder,
    });
    children.push(child);
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    const { url, pid } = JSON.parse(String(line)) as { url: string; pid: number };
    expect(pid).toBe(child.pid);
    expect(await ping(url)).toMatchObject({ health: 'ready' });
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });
});

async function paxxRedis(...args: string[]): Promise<string> {
  const options = { env: environment(), cwd: folder };
  return (await promisify(execFile)(process.execPath, [paxx, 'redis', ...args], options)).stdout;
}

function healthcheck(url: string): Promise<{ stdout: string }> {
  return promisify(execFile)(process.execPath, [main, 'healthcheck', url]);
}

async function config(client: { send(argv: readonly string[]): Promise<unknown> }, name: string): Promise<string> {
  const answer = (await client.send(['CONFIG', 'GET', name])) as { items: { value: string }[] };
  return answer.items[1]!.value;
}

async function answers(host: string, port: number): Promise<boolean> {
  return (await ping(`redis://${host}:${port}`)).health === 'ready';
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function turn(): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, 5);
  });
}
