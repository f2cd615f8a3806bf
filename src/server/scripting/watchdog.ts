// Looks after a script that runs for long: memory, and beyond `lua-time-limit` the other clients.
//
// A script holds the event loop. Once it is late, the other connections are read from here, between two of its steps:
// they are told BUSY, may ask FUNCTION STATS, and may end the script. New connections wait until it is over.

import { Buffer } from 'node:buffer';
import { readSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { configOf } from '../config/config.ts';
import { Call } from '../dispatch/call.ts';
import { CommandError } from '../errors.ts';
import { Connection } from '../net/connection.ts';
import type { Run, Scripting } from './engine.ts';
import { FUEL } from './lua/machine.ts';
import { LuaError } from './lua/values.ts';

/** Of the heap's limit; beyond, a script's error is better than the process' end. */
const HEAP_SHARE = 0.85;
/** Looks at the clock between two looks at the heap. */
const HEAP_EVERY = 16;
/** Milliseconds for a library to register its functions in. */
const LOAD_LIMIT = 500;
/** Milliseconds between two looks at the other connections. */
const SERVE_EVERY = 20;
const READ_SIZE = 16 * 1024;

const NOT_BUSY = new CommandError('NOTBUSY No scripts in execution right now.');
const UNKILLABLE = new CommandError(
  'UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.',
);
const BUSY = {
  script: new CommandError('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.'),
  function: new CommandError(
    'BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.',
  ),
};

/** Ends a script; not a Lua error, so that no pcall of the script catches it. */
export class ScriptKilled {
  readonly kind: 'script' | 'function';

  constructor(kind: 'script' | 'function') {
    this.kind = kind;
  }
}

export class Watchdog {
  readonly scripting: Scripting;
  run: Run | undefined = undefined;
  startedAt = 0;
  servedAt = 0;
  looks = 0;
  killed = false;
  stopGuarding: (() => void) | undefined = undefined;

  constructor(scripting: Scripting) {
    this.scripting = scripting;
  }

  begin(run: Run | undefined): void {
    this.run = run;
    this.killed = false;
    this.startedAt = 0;
    this.scripting.machine.fuel = FUEL;
  }

  end(): void {
    this.run = undefined;
    if (this.stopGuarding === undefined) return;
    this.stopGuarding();
    this.stopGuarding = undefined;
  }

  /** The machine asks this every so many steps. */
  tick(): void {
    const now = performance.now();
    // A few thousand steps late, and no clock read for short scripts.
    if (this.startedAt === 0) this.startedAt = now;
    if (++this.looks % HEAP_EVERY === 0) this.checkHeap();
    if (this.run === undefined) {
      if (now - this.startedAt > LOAD_LIMIT) throw new LuaError('FUNCTION LOAD timeout', this.scripting.machine.line);
      return;
    }
    const limit = Number(configOf(this.scripting.server).value('lua-time-limit'));
    if (limit > 0 && now - this.startedAt >= limit && now - this.servedAt >= SERVE_EVERY) {
      if (this.stopGuarding === undefined) this.becomeBusy();
      this.serveOthers();
      this.servedAt = performance.now();
    }
    if (this.killed) throw new ScriptKilled(this.run.kind);
  }

  /** SCRIPT KILL and FUNCTION KILL. */
  kill(call: Call, kind: 'script' | 'function'): void {
    const { run } = this;
    if (run === undefined) throw NOT_BUSY;
    if (run.kind !== kind) throw BUSY[run.kind];
    if (this.scripting.invoker.wrote) throw UNKILLABLE;
    this.killed = true;
    call.reply.ok();
  }

  /** Fail while something of this kind runs. */
  refuse(kind: 'script' | 'function'): void {
    if (this.run?.kind === kind) throw BUSY[kind];
  }

  /** What FUNCTION STATS tells of the running function. */
  running(
    kind: 'script' | 'function',
  ): { readonly name: string; readonly argv: readonly string[]; readonly milliseconds: number } | undefined {
    const { run } = this;
    if (run === undefined || run.kind !== kind) return undefined;
    return { name: run.name, argv: run.argv(), milliseconds: Math.round(performance.now() - this.startedAt) };
  }

  checkHeap(): void {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    if (used > limit * HEAP_SHARE) throw new LuaError('not enough memory', this.scripting.machine.line);
  }

  becomeBusy(): void {
    const { server } = this.scripting;
    const { kind, name } = this.run!;
    server.log(`Slow script detected: still in execution after the time limit (${kind} ${name})`);
    this.stopGuarding = server.addGuard((call) => {
      const { command } = call;
      if (call === this.scripting.invoker.call) return undefined;
      if (command.name === 'shutdown') {
        if (call.argc < 2 || !call.is(1, 'nosave')) return BUSY[kind];
        this.killed = true;
        return undefined;
      }
      return command.has('allow_busy') ? undefined : BUSY[kind];
    });
  }

  /** Read what other clients have sent, and let them run what they may. Time keeps standing still for the script. */
  serveOthers(): void {
    const { server } = this.scripting;
    const { keyspace, batching, running, depth } = server;
    const { now } = keyspace;
    for (const client of server.clients.values()) {
      const { transport } = client;
      if (client === this.scripting.invoker.caller || !(transport instanceof Connection)) continue;
      this.serve(transport);
    }
    keyspace.setNow(now);
    server.batching = batching;
    server.running = running;
    server.depth = depth;
  }

  serve(connection: Connection): void {
    const { server } = this.scripting;
    const descriptor: unknown = Reflect.get(Reflect.get(connection.socket, '_handle') ?? {}, 'fd');
    if (typeof descriptor !== 'number' || descriptor < 0) return;
    const buffer = Buffer.allocUnsafeSlow(READ_SIZE);
    let length: number;
    try {
      length = readSync(descriptor, buffer);
    } catch {
      // Nothing to read, or the connection is gone, which the event loop finds out.
      return;
    }
    if (length === 0) return;
    // The shared call is the running script's.
    const { shared } = connection;
    const { call } = shared;
    if (connection.own === undefined) {
      connection.startOwn(connection.rest ?? buffer, 0, connection.restLength, undefined);
      connection.restLength = 0;
    }
    Object.assign(shared, { call: new Call(server, connection.client) });
    try {
      server.guarded(connection.client, () => connection.receive(buffer, 0, length, false));
    } finally {
      Object.assign(shared, { call });
    }
  }
}
