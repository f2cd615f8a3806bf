// kill -9 while commands are written with `appendfsync always`: what was acknowledged must be there afterwards.
//
//   node test/chaos/server-kill.mjs [runs, 500]
//
// Each run starts the server on the same folder, checks every counter against the last value that was acknowledged,
// writes from several connections and kills the server at a random moment, some rewrites included.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const runs = Number(process.argv[2] ?? 500);
const CLIENTS = 4;
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'paxx-kill-'));
const acknowledged = Array.from({ length: CLIENTS }, () => 0);
let writes = 0;
let lost = 0;

try {
  const bundle = await rolldown({
    input: join(root, 'src/server/run/main.ts'),
    platform: 'node',
    logLevel: 'silent',
  });
  await bundle.write({ file: join(scratch, 'server.mjs'), format: 'esm', codeSplitting: false });
  await bundle.close();
  for (let run = 0; run < runs; run++) await once(run);
  console.log(`${runs} kills, ${writes} acknowledged writes, ${lost} lost`);
  if (lost > 0) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function once(run) {
  const { child, port } = await start();
  const clients = await Promise.all(acknowledged.map(() => open(port)));
  for (const [i, client] of clients.entries()) {
    const found = Number(await client.ask('GET', `counter:${i}`)) || 0;
    // One more than acknowledged is fine: the answer was on its way.
    if (found < acknowledged[i]) {
      lost += acknowledged[i] - found;
      console.log(`run ${run}: counter ${i} is ${found}, ${acknowledged[i]} was acknowledged`);
    }
    acknowledged[i] = found;
  }
  const gone = new Promise((done) => child.once('exit', done));
  setTimeout(() => child.kill('SIGKILL'), 20 + Math.random() * 80);
  if (run % 3 === 0) void clients[0].ask('BGREWRITEAOF').catch(() => {});
  await Promise.all(
    clients.map(async (client, i) => {
      for (;;) {
        try {
          acknowledged[i] = Number(await client.ask('INCR', `counter:${i}`));
          writes++;
        } catch {
          return;
        }
      }
    }),
  );
  await gone;
}

function start() {
  const args = ['--port', '0', '--dir', scratch, '--appendonly', 'yes', '--appendfsync', 'always'];
  const child = spawn(process.execPath, [join(scratch, 'server.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  child.stdout.resume();
  return new Promise((done, failed) => {
    child.once('message', ({ ready, port, reason }) => (ready ? done({ child, port }) : failed(new Error(reason))));
    child.once('exit', (code) => failed(new Error(`the server ended with ${code}`)));
  });
}

function open(port) {
  const waiting = [];
  let text = '';
  const socket = connect(port, '127.0.0.1');
  const end = () => {
    for (const { failed } of waiting.splice(0)) failed(new Error('gone'));
  };
  socket.on('error', end).on('close', end);
  socket.on('data', (bytes) => {
    text += bytes;
    for (;;) {
      const line = /^(?:\$\d+\r\n(.*)|[+:-](.*)|\$-1)\r\n/.exec(text);
      if (line === null) return;
      text = text.slice(line[0].length);
      waiting.shift()?.done(line[1] ?? line[2] ?? '');
    }
  });
  const ask = (...argv) =>
    new Promise((done, failed) => {
      if (socket.destroyed) return void failed(new Error('gone'));
      waiting.push({ done, failed });
      socket.write(`*${argv.length}\r\n${argv.map((part) => `$${part.length}\r\n${part}\r\n`).join('')}`);
    });
  return new Promise((done) => {
    socket.once('connect', () => done({ ask }));
  });
}
