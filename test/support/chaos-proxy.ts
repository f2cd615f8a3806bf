/**
 * A TCP proxy that does to connections what networks do: delays, slices, cuts at a given byte, swallows, resets.
 *
 * Faults strike the connections that are open and those to come, until `heal()`.
 */
import { once } from 'node:events';
import net from 'node:net';

export type Direction = 'request' | 'reply';

export interface Cut {
  readonly direction: Direction;
  /** How many bytes pass from now on, over all connections, before the cut. */
  readonly afterBytes: number;
  /** reset: an RST, as of a crashed host or a firewall; close: an orderly end. */
  readonly how?: 'reset' | 'close';
}

export interface ChaosProxy extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** Connections that are open. */
  readonly open: number;
  /** Connections there ever were. */
  readonly accepted: number;
  /** Bytes passed on since the proxy was started or `heal` was called. */
  readonly passed: Readonly<Record<Direction, number>>;
  /** Every chunk takes this many milliseconds more, each way. */
  latency(ms: number): void;
  /** Pass on pieces of this size, each in a packet of its own. */
  slice(bytes: number): void;
  /** Once. @returns whether it has struck */
  cut(cut: Cut): () => boolean;
  /** Swallow everything, one way or both; connections stay open and new ones are accepted. */
  swallow(direction?: Direction): void;
  /** Refuse new connections. */
  refuse(): void;
  /** RST for all connections. */
  reset(): void;
  /** No more faults. Connections from which bytes were swallowed are reset: their streams have holes. */
  heal(): void;
  stop(): Promise<void>;
}

interface Pair {
  readonly client: net.Socket;
  readonly server: net.Socket;
  damaged: boolean;
}

/** @param target the port, on 127.0.0.1, to which connections are passed on */
export async function startChaosProxy(target: number): Promise<ChaosProxy> {
  const pairs = new Set<Pair>();
  const passed = { request: 0, reply: 0 };
  let accepted = 0;
  let latencyMs = 0;
  let sliceBytes = Infinity;
  let swallowed: readonly Direction[] = [];
  let refusing = false;
  let cut: { readonly spec: Cut; left: number; done: boolean } | undefined;

  const listener = net.createServer((client) => {
    if (refusing) return void client.resetAndDestroy();
    accepted += 1;
    const server = net.connect(target, '127.0.0.1');
    const pair: Pair = { client, server, damaged: false };
    pairs.add(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
    }
    pump(pair, 'request', client, server);
    pump(pair, 'reply', server, client);
  });

  function pump(pair: Pair, direction: Direction, from: net.Socket, to: net.Socket): void {
    let last = Promise.resolve();
    from.on('data', (chunk) => {
      if (swallowed.includes(direction)) {
        pair.damaged = true;
        return;
      }
      if (latencyMs === 0 && sliceBytes === Infinity && cut === undefined) return pass(direction, to, chunk);
      // In order: a piece waits for the one before it.
      last = last.then(() => passSlowly(pair, direction, to, chunk));
    });
    from.on('close', () => {
      pairs.delete(pair);
      void last.then(() => to.destroy());
    });
  }

  function pass(direction: Direction, to: net.Socket, bytes: Buffer): void {
    passed[direction] += bytes.length;
    if (!to.destroyed) to.write(bytes);
  }

  async function passSlowly(pair: Pair, direction: Direction, to: net.Socket, chunk: Buffer): Promise<void> {
    if (latencyMs > 0) await pause(latencyMs);
    for (let start = 0; start < chunk.length;) {
      const left = cut?.spec.direction === direction && !cut.done ? cut.left : Infinity;
      const piece = chunk.subarray(start, start + Math.min(sliceBytes, left));
      pass(direction, to, piece);
      start += piece.length;
      if (cut !== undefined && left !== Infinity) {
        cut.left -= piece.length;
        if (cut.left === 0) return strike(pair, cut);
      }
      if (sliceBytes !== Infinity) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function strike(pair: Pair, struck: NonNullable<typeof cut>): Promise<void> {
    struck.done = true;
    if (cut === struck) cut = undefined;
    // What was let through has arrived before the connection ends.
    await Promise.all([flushed(pair.server), flushed(pair.client)]);
    if (struck.spec.how === 'close') {
      pair.client.end();
      pair.server.end();
    } else end(pair);
  }

  function end(pair: Pair): void {
    pairs.delete(pair);
    pair.client.resetAndDestroy();
    pair.server.resetAndDestroy();
  }

  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as net.AddressInfo;

  const proxy: ChaosProxy = {
    port,
    url: `redis://127.0.0.1:${port}`,
    get open() {
      return pairs.size;
    },
    get accepted() {
      return accepted;
    },
    passed,
    latency(ms) {
      latencyMs = ms;
    },
    slice(bytes) {
      sliceBytes = bytes;
    },
    cut(spec) {
      const armed = { spec, left: spec.afterBytes, done: false };
      if (armed.left > 0) cut = armed;
      else {
        // Before the first byte of what comes next.
        for (const pair of pairs) {
          const from = spec.direction === 'request' ? pair.client : pair.server;
          from.prependOnceListener('data', () => {
            if (armed.done) return;
            armed.done = true;
            end(pair);
          });
        }
      }
      return () => armed.done;
    },
    swallow(direction) {
      swallowed = direction === undefined ? ['request', 'reply'] : [direction];
    },
    refuse() {
      refusing = true;
    },
    reset() {
      for (const pair of pairs) end(pair);
    },
    heal() {
      latencyMs = 0;
      sliceBytes = Infinity;
      swallowed = [];
      refusing = false;
      cut = undefined;
      passed.request = 0;
      passed.reply = 0;
      for (const pair of pairs) if (pair.damaged) end(pair);
    },
    async stop() {
      proxy.reset();
      const closed = once(listener, 'close');
      listener.close();
      await closed;
    },
    [Symbol.asyncDispose]: () => proxy.stop(),
  };
  return proxy;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** All that was written has been handed to the kernel. */
function flushed(socket: net.Socket): Promise<void> {
  if (socket.destroyed || socket.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once('drain', resolve);
    socket.once('close', () => resolve());
  });
}
