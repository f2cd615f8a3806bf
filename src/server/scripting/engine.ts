// A server's Lua: one machine, its globals, the cache of compiled scripts, and how a script runs and answers.

import type { Client } from '../client.ts';
import type { Call } from '../dispatch/call.ts';
import { CommandError, fail } from '../errors.ts';
import type { Server } from '../server.ts';
import { compile } from './lua/compile.ts';
import type { Compiled } from './lua/compile.ts';
import { asLuaError, makeHelpers } from './lua/helpers.ts';
import { LuaSyntaxError } from './lua/lexer.ts';
import { Rand48 } from './lua/lib/math.ts';
import { Machine } from './lua/machine.ts';
import { LuaTable } from './lua/table.ts';
import { first, LuaError } from './lua/values.ts';
import type { LuaFunction, LuaResult, LuaValue } from './lua/values.ts';
import { closeGlobals, openGlobals } from './globals.ts';
import { Libraries, type RegisteredFunction } from './libraries.ts';
import { Invoker, isCounted } from './invoker.ts';
import { errorText, logFunction, redisConstants, redisLibrary } from './redis-library.ts';
import { writeValue } from './write-value.ts';
import { sha1 } from './sha1.ts';
import { parseShebang, SCRIPT_NO_WRITES } from './shebang.ts';
import { ScriptKilled, Watchdog } from './watchdog.ts';

export interface Script extends Compiled {
  readonly sha: string;
  readonly body: string;
  /** SCRIPT_… bits of the first line. */
  readonly flags: number;
}

const STATE = Symbol('scripting');

export function scriptingOf(server: Server): Scripting {
  let state = server.extras.get(STATE) as Scripting | undefined;
  if (state === undefined) server.extras.set(STATE, (state = new Scripting(server)));
  return state;
}

/** Has any script run yet? Lua is opened by the first. */
export function hasScripting(server: Server): boolean {
  return server.extras.has(STATE);
}

/** Is it a script that makes this call? */
export function isFromScript(call: Call): boolean {
  return hasScripting(call.server) && scriptingOf(call.server).invoker.call === call;
}

/** Whose call it is: a script calls for the client that runs it. */
export function callerOf(call: Call): Client {
  return isFromScript(call) ? scriptingOf(call.server).invoker.caller! : call.client;
}

export class Scripting {
  readonly server: Server;
  readonly machine = new Machine();
  readonly invoker: Invoker;
  readonly watchdog: Watchdog;
  readonly random = new Rand48();
  readonly globals = new LuaTable();
  /** What a library sees while it is loaded: little more than how to register functions. */
  readonly loadEnvironment = new LuaTable();
  /** The globals of what runs now. */
  environment = this.globals;
  readonly libraries: Libraries;
  readonly helpers: Readonly<Record<string, unknown>>;
  /** Scripts by their SHA1 in lower case. */
  readonly scripts = new Map<string, Script>();
  /** The same by their text, which spares hashing it again. */
  readonly byBody = new Map<string, Script>();

  constructor(server: Server) {
    this.server = server;
    this.invoker = new Invoker(server, this.machine);
    this.watchdog = new Watchdog(this);
    this.machine.onTick = () => this.watchdog.tick();
    this.helpers = makeHelpers(this.machine, () => this.environment);
    const load = (source: string, name: string): LuaFunction => {
      this.invoker.mayRecurse = true;
      return compile(this.machine, source, name, this.globals, this.helpers).run;
    };
    this.libraries = new Libraries(this);
    openGlobals(this.machine, this.globals, load, redisLibrary(this), this.random);
    const redis = new LuaTable();
    for (const [name, value] of redisConstants()) redis.set(name, value);
    redis.set('log', logFunction(this));
    redis.set('register_function', this.libraries.register);
    this.loadEnvironment.set('redis', redis);
    closeGlobals(this.machine, this.loadEnvironment);
    closeGlobals(this.machine, redis);
  }

  /** The script with this text, compiled and cached; throws CommandError. */
  script(body: string): Script {
    return this.byBody.get(body) ?? this.load(body);
  }

  load(body: string): Script {
    const sha = sha1(body);
    const { flags, code } = parseShebang(body);
    let compiled: Compiled;
    try {
      compiled = compile(this.machine, code, '@user_script', this.globals, this.helpers);
    } catch (error) {
      if (error instanceof LuaSyntaxError) return fail(`ERR Error compiling script (new function): ${error.message}`);
      throw error;
    }
    const script: Script = { ...compiled, sha, body, flags };
    this.scripts.set(sha, script);
    this.byBody.set(body, script);
    return script;
  }

  flush(): void {
    this.scripts.clear();
    this.byBody.clear();
  }

  /** Run a script for a client and answer with what it returns. */
  run(call: Call, script: Script, readonly: boolean): void {
    const { machine } = this;
    const count = keyCount(call);
    machine.keys = texts(call, 3, 3 + count);
    machine.argv = texts(call, 3 + count, call.argc);
    try {
      this.execute(call, script.run, {
        name: script.sha,
        readonly: readonly || (script.flags & SCRIPT_NO_WRITES) !== 0,
        flags: script.flags,
        mayRecurse: script.hasFunctions,
        kind: 'script',
        args: [],
        argv: () => call.args(0),
      });
    } finally {
      machine.keys = undefined;
      machine.argv = undefined;
    }
  }

  execute(call: Call, f: LuaFunction, run: Run): void {
    const { server, machine, invoker, watchdog } = this;
    const { effects } = server.keyspace;
    invoker.begin(call.client, run);
    watchdog.begin(run);
    const stopFraming = effects.propagating ? effects.frame() : undefined;
    server.depth++;
    machine.line = 0;
    let result: LuaResult;
    let failure: LuaError | undefined;
    try {
      result = f(...run.args);
    } catch (error) {
      failure = error instanceof ScriptKilled ? killedError(error, machine.line) : asLuaError(error, machine.line);
      if (failure === undefined) throw error;
    } finally {
      server.depth--;
      stopFraming?.();
      watchdog.end();
      invoker.end();
      machine.thread = undefined;
      // What the script did has been propagated command by command.
      call.propagate();
    }
    if (failure !== undefined) throw this.describe(failure, run);
    const { errors } = call.reply;
    writeValue(machine, call.reply, first(result));
    if (call.reply.errors !== errors) call.command.failed++;
  }

  /** FCALL: run a registered function. */
  callFunction(call: Call, registered: RegisteredFunction, readonly: boolean): void {
    const count = keyCount(call);
    this.execute(call, registered.callback, {
      name: registered.name,
      readonly: readonly || (registered.flags & SCRIPT_NO_WRITES) !== 0,
      flags: registered.flags,
      mayRecurse: true,
      kind: 'function',
      args: [texts(call, 3, 3 + count), texts(call, 3 + count, call.argc)],
      argv: () => call.args(0),
    });
  }

  /** A script's error as its client sees it. */
  describe({ value, line }: LuaError, run: Run): CommandError {
    const { machine } = this;
    const message = value instanceof LuaTable ? errorField(value) : `ERR ${errorText(value)}`;
    const at = line === 0 ? machine.line : line;
    const place = at === 0 ? '' : `, on @${machine.chunkOf(at)}:${machine.lineOf(at)}.`;
    return new CommandError(`${message} script: ${run.name}${place}`, isCounted(value));
  }
}

/** What is known of a running script or function. */
export interface Run {
  /** The SHA1, or the function's name. */
  readonly name: string;
  readonly readonly: boolean;
  readonly flags: number;
  readonly mayRecurse: boolean;
  readonly kind: 'script' | 'function';
  readonly args: LuaValue[];
  /** The command that started it. */
  readonly argv: () => readonly string[];
}

function killedError({ kind }: ScriptKilled, line: number): LuaError {
  return new LuaError(`Script killed by user with ${kind.toUpperCase()} KILL...`, line);
}

/** `numkeys`, checked against the arguments. */
export function keyCount(call: Call): number {
  const count = call.integer(2);
  if (count > call.argc - 3) return fail("ERR Number of keys can't be greater than number of args");
  if (count < 0) return fail("ERR Number of keys can't be negative");
  return count;
}

export function texts(call: Call, from: number, to: number): LuaTable {
  const list: string[] = [];
  for (let i = from; i < to; i++) list.push(call.arg(i));
  return new LuaTable(list);
}

function errorField(table: LuaTable): string {
  const err = table.field('err');
  return typeof err === 'string' ? err : `ERR ${errorText(err)}`;
}
