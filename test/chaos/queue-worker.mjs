// A worker of test/chaos/queue.mjs, in a process of its own so that it can be killed and stopped.
//
//   node queue-worker.mjs <bundled package> <redis port> <client> <log>
//
// What happens is appended to the log by writeSync, which outlives a SIGKILL. Times are of the system's monotonic clock,
// which all processes share.
import { openSync, writeSync } from 'node:fs';
import { makeClient, now } from './processes.mjs';
import { CHAOS } from './queue-settings.mjs';

const [, , bundle, redisPort, name, path] = process.argv;
const { createPort, createQueue } = await import(bundle);
const log = openSync(path, 'a');
const write = (...parts) => writeSync(log, `${parts.join(' ')}\n`);

const port = createPort(makeClient(name, redisPort), { defaultDeadlineMs: 1000, warn: () => {} });
const queue = createQueue(port, 'chaos', CHAOS);
let worker = start();
process.on('message', async (message) => {
  // A turn of timers first, so that what is due is written down.
  if (message === 'sync') setTimeout(() => process.send('synced'), 1);
  if (message !== 'restart') return;
  await worker.stop({ drainMs: 50 });
  worker = start();
});
process.on('disconnect', () => process.exit());
process.on('unhandledRejection', (error) => {
  write('U', String(error?.stack ?? error).replaceAll(/\s+/g, ' '));
});
process.send?.('ready');
watchLag();

/** A process that gets no processor is as one that is stopped. */
function watchLag() {
  let last = now();
  setInterval(() => {
    const at = now();
    if (at - last > 45) write('L', '-', `${process.pid}:`, at, last);
    last = at;
  }, 15);
}

function start() {
  return queue.process(handle, { concurrency: 5 });
}

async function handle(job) {
  const run = `${process.pid}:${job.receipt.entryId}:${job.receipt.deliveries}`;
  write('S', job.id, run, now());
  job.signal.addEventListener('abort', () =>
    write('F', job.id, run, now(), String(job.signal.reason.message).replaceAll(' ', '_')),
  );
  const ack = job.ack.bind(job);
  job.ack = async () => {
    const held = await ack();
    if (held) write('A', job.id, run, now());
    return held;
  };
  const luck = Math.random();
  try {
    // Some last longer than the visibility timeout: heartbeats keep them.
    if (luck > 0.3) await new Promise((done) => setTimeout(done, luck > 0.97 ? CHAOS.vtMs * 1.5 : luck * 80));
    if ((luck > 0.4 && luck < 0.5) || job.data.n % 25 === 0) throw new Error('a failure');
    write('C', job.id, run, now());
  } finally {
    write('E', job.id, run, now());
  }
}
