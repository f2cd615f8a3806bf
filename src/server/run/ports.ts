// Where the process listens, and moving that while it runs: CONFIG SET port, tls-port and bind.

import type { Config } from '../config/config.ts';
import { listen, listenNow } from '../net/listener.ts';
import type { Listener, ListenOptions } from '../net/listener.ts';
import type { Server } from '../server.ts';
import { addressesOf } from './addresses.ts';
import type { Address } from './addresses.ts';
import { StartError } from './command-line.ts';

export class Ports {
  readonly server: Server;
  readonly config: Config;
  /** What listens, by its address. */
  readonly open = new Map<string, Listener>();
  /** Keeps the process running. */
  alive: NodeJS.Timeout | undefined = undefined;

  constructor(server: Server, config: Config) {
    this.server = server;
    this.config = config;
  }

  get listeners(): Listener[] {
    return [...this.open.values()];
  }

  /** Listen where the configuration says; from then on, CONFIG SET moves it. Rejects with StartError. */
  async start(): Promise<void> {
    const { config } = this;
    const addresses = addressesOf(config, true);
    if (addresses.length === 0) throw new StartError('Configured to not listen anywhere, exiting.');
    for (const address of addresses) await this.listen(address);
    if (this.open.size === 0) throw new StartError('None of the addresses to bind to is available.');
    const first = this.listeners[0]!;
    if (first.path === undefined && Number(config.value('port')) === 0 && Number(config.value('tls-port')) === 0) {
      config.load('port', String(first.port));
    }
    // Without anything to listen to, those who are connected are still served.
    this.alive = setInterval(() => {}, LONGEST_WAIT);
    for (const [name, refusal] of Object.entries(REFUSALS)) {
      config.addApply(name, () => (this.move() ? undefined : refusal));
    }
  }

  async close(): Promise<void> {
    clearInterval(this.alive);
    await Promise.all(this.listeners.map((listener) => listener.close()));
  }

  async listen({ options, optional }: Address): Promise<void> {
    const { port, path } = options;
    // Further addresses of a port that was chosen freely share it.
    const chosen = port === 0 && this.open.size > 0 ? { ...options, port: this.listeners[0]!.port } : options;
    try {
      const listener = await listen(this.server, chosen);
      this.open.set(keyOf({ ...chosen, ...(path === undefined ? { port: listener.port } : {}) }), listener);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (optional && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) return;
      await this.close();
      const where = path ?? `${options.host}:${port}`;
      const reason = code === 'EADDRINUSE' ? busy(where, port) : `Could not listen on ${where}: ${message}`;
      // Who reads the log looks for redis-server's words.
      this.server.log(`Warning: ${reason}`);
      this.server.log(
        `Failed listening on port ${port ?? 0} (${options.tls === undefined ? 'TCP' : 'TLS'}), aborting.`,
      );
      throw new StartError(reason, { cause: error });
    }
  }

  /** Listen where the configuration says now, or where it was: then false. */
  move(): boolean {
    const wanted = new Map(
      addressesOf(this.config, false).map((address) => [keyOf(address.options), address] as const),
    );
    const left: ListenOptions[] = [];
    // An address may stand in the way of a wider one.
    for (const [key, listener] of this.open) {
      if (wanted.has(key)) continue;
      left.push(listener.options);
      void listener.close();
      this.open.delete(key);
    }
    const opened: string[] = [];
    for (const [key, { options, optional }] of wanted) {
      if (this.open.has(key)) continue;
      if (this.listenNow(key, options)) opened.push(key);
      else if (!optional) return this.undo(opened, left);
    }
    return true;
  }

  undo(opened: readonly string[], left: readonly ListenOptions[]): false {
    for (const key of opened) {
      void this.open.get(key)!.close();
      this.open.delete(key);
    }
    for (const options of left) this.listenNow(keyOf(options), options);
    return false;
  }

  listenNow(key: string, options: ListenOptions): boolean {
    const listener = listenNow(this.server, options);
    if (listener === undefined) return false;
    this.open.set(key, listener);
    return true;
  }
}

/** Node's timers cannot wait longer. */
const LONGEST_WAIT = 2 ** 31 - 1;

const REFUSALS: Readonly<Record<string, string>> = {
  port: 'Unable to listen on this port. Check server logs.',
  'tls-port': 'Unable to listen on this port. Check server logs.',
  bind: 'Failed to bind to specified addresses.',
};

function keyOf({ path, host, port, tls }: ListenOptions): string {
  return path ?? `${host} ${port} ${tls === undefined ? 'tcp' : 'tls'}`;
}

function busy(where: string, port: number | undefined): string {
  const way = port === undefined ? 'remove it' : 'stop what listens there, or take another port (--port 0 finds one)';
  return `Could not listen on ${where}: Address already in use. Another server may be running: ${way}.`;
}
