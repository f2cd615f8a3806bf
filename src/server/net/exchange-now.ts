// A question to another server whose answer is waited for on the spot, as a transaction or script has to: a thread of
// its own asks, while this one stands still.

import { Buffer } from 'node:buffer';
import { nodeWorkers } from '../util/lazy-node.ts';

export interface Exchange {
  readonly host: string;
  readonly port: number;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  readonly text: string;
  /** Lines to wait for. */
  readonly lines: number;
}

export interface ExchangeResult {
  /** How far it came where it did not end well. */
  readonly failedAt: 'lookup' | 'writing' | 'reading' | undefined;
  readonly lines: readonly string[];
}

/** The thread may be late; then its own time-out counts. */
const GRACE_MS = 1000;

const THREAD = `
const { connect } = require('node:net');
const { workerData: { host, port, timeout, bytes, lines, signal, out } } = require('node:worker_threads');
let text = '';
let stage = 'writing';
const end = (failedAt) => {
  out.postMessage({ failedAt, lines: text.split('\\r\\n').slice(0, -1) });
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
  process.exit();
};
setTimeout(() => end(stage), timeout);
if (!(port > 0 && port < 65536)) end(stage);
const socket = connect(port, host);
socket.on('connect', () => {
  stage = 'reading';
  socket.write(bytes);
});
socket.on('error', ({ syscall }) => end(syscall === 'getaddrinfo' ? 'lookup' : stage));
socket.on('close', () => end(stage));
socket.on('data', (chunk) => {
  text += chunk.toString('latin1');
  if (text.split('\\r\\n').length > lines) end(undefined);
});
`;

export function exchangeNow({ host, port, timeout, text, lines }: Exchange): ExchangeResult {
  const { MessageChannel, receiveMessageOnPort, Worker } = nodeWorkers();
  const { port1: inbox, port2: out } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { host, port, timeout, bytes: Buffer.from(text, 'latin1'), lines, signal, out };
  const thread = new Worker(THREAD, { eval: true, workerData, transferList: [out] });
  thread.unref();
  Atomics.wait(signal, 0, 0, timeout + GRACE_MS);
  const received = receiveMessageOnPort(inbox);
  inbox.close();
  void thread.terminate();
  return received === undefined ? { failedAt: 'reading', lines: [] } : (received.message as ExchangeResult);
}
