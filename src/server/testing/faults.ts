// Things that go wrong on purpose: slow answers, errors, broken and frozen connections, a server that is full or loading.

import type { Client } from '../client.ts';
import type { Call } from '../dispatch/call.ts';
import { CommandError } from '../errors.ts';
import type { Server } from '../server.ts';
import { milliseconds } from './durations.ts';
import type { Duration } from './durations.ts';
import { matcherOf, seen } from './target.ts';
import type { Target } from './target.ts';

export interface FaultOptions {
  /** Which commands; all by default. */
  readonly on?: Target;
  /** Strike this often, then never again. */
  readonly times?: number;
  /** Let this many matching commands pass first. */
  readonly after?: number;
  /** Chance to strike, 0 to 1; drawn from the server's random numbers, so a seed makes it reproducible. */
  readonly probability?: number;
}

export interface DropOptions extends FaultOptions {
  /** `before` (default): the command does not run. `after`: it runs, and its answer is lost. */
  readonly when?: 'before' | 'after';
}

/** A fault in force; `remove` (or `using`) ends it. */
export interface Fault extends Disposable {
  /** How often it has struck. */
  readonly hits: number;
  remove(): void;
}

type Verdict = CommandError | 'taken' | undefined;

interface Held {
  readonly call: Call;
  readonly client: Client;
}

const OUT_OF_MEMORY = new CommandError("OOM command not allowed when used memory > 'maxmemory'.");
const LOADING = new CommandError('LOADING Redis is loading the dataset in memory');
const READ_ONLY = new CommandError("READONLY You can't write against a read only replica.");

export class Faults {
  readonly server: Server;
  readonly active = new Set<Fault>();
  /** Calls that have served their delay and run when they come by again. */
  readonly released = new WeakSet<Call>();

  constructor(server: Server) {
    this.server = server;
  }

  /** Answer late. By the server's clock: a virtual one has to be advanced. */
  latency(duration: Duration, options: FaultOptions = {}): Fault {
    const wait = milliseconds(duration);
    return this.add(options, (call) => {
      const held = this.hold(call);
      this.server.clock.schedule(this.server.clock.now() + wait, () => this.release(held));
      return 'taken';
    });
  }

  /** Refuse with an error, code first: `faults.error('BUSY …', { on: 'evalsha' })`. */
  error(message: string, options: FaultOptions = {}): Fault {
    const error = new CommandError(message);
    return this.add(options, () => error);
  }

  /** Close the connection in place of answering. */
  drop(options: DropOptions = {}): Fault {
    return this.add(options, (call) => {
      if (options.when === 'after' && call.client.transaction === undefined) this.server.run(call);
      call.client.transport?.destroy();
      return 'taken';
    });
  }

  /** Answer nothing until the fault is removed; then everything that was held back runs. */
  freeze(options: FaultOptions = {}): Fault {
    const frozen: Held[] = [];
    return this.add(
      options,
      (call) => {
        frozen.push(this.hold(call));
        return 'taken';
      },
      () => {
        for (const held of frozen.splice(0)) this.release(held);
      },
    );
  }

  /** Writes that need memory fail with OOM. */
  outOfMemory(options: FaultOptions = {}): Fault {
    return this.add(options, ({ command }) => (command.has('denyoom') ? OUT_OF_MEMORY : undefined));
  }

  /** As while the data set is read from disk: most commands fail with LOADING. */
  loading(options: FaultOptions = {}): Fault {
    return this.add(options, ({ command }) => (command.has('loading') ? undefined : LOADING));
  }

  /** As a replica: writes fail with READONLY. */
  readOnly(options: FaultOptions = {}): Fault {
    return this.add(options, ({ command }) => (command.has('write') ? READ_ONLY : undefined));
  }

  /** Close every connection now; clients may come back. */
  disconnectAll(): void {
    for (const client of this.server.clients.values()) client.transport?.destroy();
  }

  /** Close new connections at once. */
  refuseConnections(): Fault {
    let hits = 0;
    const { server } = this;
    server.door = () => {
      hits++;
      return '';
    };
    return this.keep(
      () => hits,
      () => {
        server.door = undefined;
      },
    );
  }

  /** End all faults. */
  clear(): void {
    for (const fault of this.active) fault.remove();
  }

  add(options: FaultOptions, strike: (call: Call) => Verdict, removed: () => void = () => {}): Fault {
    const matches = matcherOf(options.on);
    const { times = Infinity, after = 0, probability = 1 } = options;
    let passed = 0;
    let hits = 0;
    const stop = this.server.addGuard((call) => {
      if (call.client.transport === undefined || hits >= times || this.released.has(call)) return undefined;
      if (options.on !== undefined && !matches(seen(call))) return undefined;
      if (passed++ < after) return undefined;
      if (probability < 1 && this.server.random() >= probability) return undefined;
      const verdict = strike(call);
      if (verdict !== undefined) hits++;
      return verdict;
    });
    return this.keep(
      () => hits,
      () => {
        stop();
        removed();
      },
    );
  }

  keep(hits: () => number, end: () => void): Fault {
    const fault: Fault = {
      get hits() {
        return hits();
      },
      remove: () => {
        if (this.active.delete(fault)) end();
      },
      [Symbol.dispose]: () => fault.remove(),
    };
    this.active.add(fault);
    return fault;
  }

  hold(call: Call): Held {
    call.client.blocked = true;
    return { call: call.freeze(), client: call.client };
  }

  release({ call, client }: Held): void {
    if (client.closed) return;
    client.blocked = false;
    this.released.add(call);
    this.server.resumeHeld(call);
  }
}
