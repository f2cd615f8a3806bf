// redis.call and redis.pcall: arguments to a command, its answer to Lua.

import { FLAG_BITS } from '../../redis/commands/index.ts';
import { GATE_ACL } from '../client.ts';
import type { Client } from '../client.ts';
import { Call } from '../dispatch/call.ts';
import type { Command } from '../dispatch/registry.ts';
import { OUT_OF_MEMORY } from '../errors.ts';
import type { Server } from '../server.ts';
import { formatDouble } from '../util/numbers.ts';
import type { Run } from './engine.ts';
import type { Machine } from './lua/machine.ts';
import { LuaTable } from './lua/table.ts';
import { LuaError } from './lua/values.ts';
import type { LuaValue } from './lua/values.ts';
import { COUNTED, LuaReply, single } from './reply.ts';
import { SCRIPT_ALLOW_OOM } from './shebang.ts';

/** Frames that a command may need below the script's own. */
const HEADROOM = 80;

export class Invoker {
  readonly server: Server;
  readonly machine: Machine;
  /** Whose commands they are: a client without a connection that takes the caller's place. */
  readonly client: Client;
  readonly call: Call;
  readonly reply = new LuaReply();
  readonly found = new Map<string, Command>();
  run: Run | undefined = undefined;
  caller: Client | undefined = undefined;
  /** The stack may be nearly used up. */
  mayRecurse = false;
  /** Something was written: the script can no longer be stopped. */
  wrote = false;
  /** Whatever a command's flags say against scripts: DEBUG SET-DISABLE-DENY-SCRIPTS. */
  allowsAll = false;
  argv: string[] = [];
  /** When the running script first asked for the time. */
  askedAt: number | undefined = undefined;
  /** REPL_… bits of `redis.set_repl`. */
  replication = 3;

  constructor(server: Server, machine: Machine) {
    this.server = server;
    this.machine = machine;
    this.client = server.addClient(undefined);
    this.call = new Call(server, this.client);
    this.call.reply = this.reply;
    this.call.mayBlock = false;
    this.reply.onError = (message) => server.countError(message);
  }

  /** In microseconds; stands still for the script. */
  time(): number {
    return (this.askedAt ??= this.server.clock.microseconds());
  }

  begin(caller: Client, run: Run): void {
    this.run = run;
    this.caller = caller;
    this.askedAt = undefined;
    this.client.db = caller.db;
    this.client.user = caller.user;
    this.client.setGate(GATE_ACL, (caller.gate & GATE_ACL) !== 0);
    this.reply.resp3 = false;
    this.machine.resp3 = false;
    this.mayRecurse = run.mayRecurse;
    this.wrote = false;
    this.replication = 3;
  }

  /** Would the caller's rights allow this command? */
  mayCall(argv: readonly string[]): boolean {
    const { call } = this;
    call.load(argv);
    call.command = this.find(argv)!;
    return (this.client.gate & GATE_ACL) === 0 || this.server.access.check(call) === undefined;
  }

  /** Ask the guards about the call. Its client has the caller's user, and no connection. */
  guardsRefuse(): string | undefined {
    for (const guard of this.server.guards) {
      const verdict = guard(this.call);
      if (verdict !== undefined && verdict !== 'taken') return verdict.message;
    }
    return undefined;
  }

  end(): void {
    this.run = undefined;
    this.caller = undefined;
  }

  /** Run a command; an error is raised, or returned as a table for `redis.pcall`. */
  invoke(args: readonly LuaValue[], raise: boolean): LuaValue {
    const { argv } = this;
    argv.length = args.length;
    if (args.length === 0)
      return this.refuse('ERR Please specify at least one argument for this redis lib call', raise);
    for (let i = 0; i < args.length; i++) {
      const arg = args[i];
      if (typeof arg === 'string') argv[i] = arg;
      else if (typeof arg === 'number') argv[i] = formatArgument(arg);
      else return this.refuse('ERR Lua redis lib command arguments must be strings or integers', raise);
    }
    const command = this.find(argv);
    if (command === undefined) return this.refuse('ERR Unknown Redis command called from script', raise);
    const refusal = this.refusal(command, argv.length);
    if (refusal !== undefined) return this.reject(command, refusal, raise);
    return this.perform(command, raise);
  }

  perform(command: Command, raise: boolean): LuaValue {
    const { server, call, reply, client } = this;
    if (this.mayRecurse) probe(HEADROOM);
    call.load(this.argv);
    call.db = client.db;
    call.command = command;
    reply.reset();
    if (server.gate !== 0) {
      const refusal = this.guardsRefuse();
      if (refusal !== undefined) return this.reject(command, refusal, raise);
    }
    if ((command.flags & WRITES) !== 0) this.wrote = true;
    server.stats.commands++;
    const { effects } = server.keyspace;
    const { propagating } = effects;
    // redis.set_repl(redis.REPL_NONE): nobody hears of it.
    if (this.replication === 0) effects.propagating = false;
    server.invoke(call);
    effects.propagating = propagating;
    if ((command.flags & READS) !== 0 && this.caller!.tracking !== undefined) {
      server.tracking?.rememberScript(this.caller!, this.run!.argv());
    }
    if (reply.failure === undefined) return reply.value;
    const error = errorTable(reply.failure);
    if (raise) throw new LuaError(error, this.machine.line);
    return error;
  }

  find(argv: readonly string[]): Command | undefined {
    const name = argv[0]!;
    let command = this.found.get(name);
    if (command === undefined) {
      command = this.server.registry.named(name.toLowerCase());
      if (command === undefined) return undefined;
      if (this.found.size > 1000) this.found.clear();
      this.found.set(name, command);
    }
    if (command.subcommands !== undefined && argv.length > 1) return command.subcommands.get(argv[1]!.toLowerCase());
    return command;
  }

  refusal(command: Command, argc: number): string | undefined {
    if ((command.flags & NO_SCRIPT) !== 0 && !this.allowsAll) {
      return 'ERR This Redis command is not allowed from script';
    }
    const { arity } = command;
    if (arity >= 0 ? argc !== arity : argc < -arity)
      return 'ERR Wrong number of args calling Redis command from script';
    if ((this.client.gate & GATE_ACL) !== 0) {
      this.call.load(this.argv).command = command;
      // Its batch is not over: the command that runs the script is not noted yet.
      this.caller!.lastCommand = this.run!.argv()[0]!.toLowerCase();
      const denial = this.server.access.refuseScript(this.call, this.caller!);
      if (denial !== undefined) return denial;
    }
    // What others may hear of counts as a write here, so that CLIENT PAUSE WRITE need not hold such scripts back.
    if (this.run!.readonly && (command.flags & (WRITES | MAY_REPLICATE)) !== 0) {
      return 'ERR Write commands are not allowed from read-only scripts.';
    }
    if (this.server.shortOfMemory && (command.flags & DENY_OOM) !== 0 && !this.wrote && !this.allowsOom()) {
      return OUT_OF_MEMORY.message;
    }
    if ((command.flags & BLOCKING) !== 0 && command.name.startsWith('xread')) {
      const options = this.argv.slice(1, this.argv.findIndex(isStreams));
      if (options.some((option) => option.toLowerCase() === 'block')) {
        return `ERR ${this.argv[0]!} command is not allowed with BLOCK option from scripts`;
      }
    }
    return undefined;
  }

  allowsOom(): boolean {
    return (this.run!.flags & SCRIPT_ALLOW_OOM) !== 0;
  }

  reject(command: Command, message: string, raise: boolean): LuaValue {
    command.rejected++;
    return this.refuse(message, raise);
  }

  /** An error of our own. */
  refuse(message: string, raise: boolean): LuaValue {
    const error = errorTable(message);
    this.server.countError(message);
    if (raise) throw new LuaError(error, this.machine.line);
    return error;
  }
}

const READS = FLAG_BITS.readonly;
const WRITES = FLAG_BITS.write;
const DENY_OOM = FLAG_BITS.denyoom;
const MAY_REPLICATE = FLAG_BITS.may_replicate;
const BLOCKING = FLAG_BITS.blocking;
const NO_SCRIPT = FLAG_BITS.noscript;

/** An error that has been counted. */
export function errorTable(message: string): LuaTable {
  const error = single(COUNTED, true);
  error.set('err', message);
  return error;
}

export function isCounted(value: LuaValue): boolean {
  return value instanceof LuaTable && value.field(COUNTED) === true;
}

function isStreams(word: string): boolean {
  return word.toLowerCase() === 'streams';
}

/** A number as an argument: `%.17g`. */
function formatArgument(value: number): string {
  return (value | 0) === value ? String(value) : formatDouble(value);
}

/** Overflow here, in the script, rather than in the middle of a command. */
function probe(frames: number): number {
  return frames === 0 ? 0 : probe(frames - 1) + 1;
}
