// The log of slow commands: the latest entries, arguments cut to what is worth keeping.

import type { Call } from '../dispatch/call.ts';
import type { Command } from '../dispatch/registry.ts';
import type { Server } from '../server.ts';
import { configOf } from '../config/config.ts';
import { redactedArgs } from './redact.ts';
import type { SlowListener } from './timing.ts';

export interface SlowEntry {
  readonly id: number;
  /** Seconds since the epoch. */
  readonly at: number;
  readonly microseconds: number;
  readonly args: readonly string[];
  readonly peer: string;
  readonly name: string;
}

const MOST_ARGUMENTS = 32;
const LONGEST_ARGUMENT = 128;
const KEY = Symbol('slow log');

export function slowLogOf(server: Server): SlowLog {
  let log = server.extras.get(KEY) as SlowLog | undefined;
  if (log === undefined) server.extras.set(KEY, (log = new SlowLog()));
  return log;
}

/** Log what takes longer than `slowlog-log-slower-than`; a negative threshold logs nothing. */
export function startSlowLog(server: Server): void {
  const log = slowLogOf(server);
  let current: SlowListener | undefined;
  const update = (): void => {
    const { slowlogSlowerThan: threshold } = server.settings;
    const others = server.timing.slowListeners.filter((listener) => listener !== current);
    current =
      threshold < 0 ? undefined : { threshold, slow: (call, command, time) => log.add(server, call, command, time) };
    server.timing.setSlowListeners(current === undefined ? others : [...others, current]);
  };
  configOf(server).onChange('slowlog-log-slower-than', update);
  configOf(server).onChange('slowlog-max-len', () => log.trim(server.settings.slowlogMaxLength));
  update();
}

export class SlowLog {
  /** The oldest first. */
  entries: SlowEntry[] = [];
  nextId = 0;

  add(server: Server, call: Call, command: Command, microseconds: number): void {
    const { client } = call;
    if (command.has('skip_slowlog')) return;
    this.entries.push({
      id: this.nextId++,
      at: Math.floor(server.clock.now() / 1000),
      microseconds: Math.floor(microseconds),
      args: cut(redactedArgs(call, command)),
      peer: client.transport?.remote ?? '?:0',
      name: client.name,
    });
    this.trim(server.settings.slowlogMaxLength);
  }

  trim(length: number): void {
    if (this.entries.length > length) this.entries = this.entries.slice(this.entries.length - length);
  }

  /** The newest first. */
  latest(count: number): SlowEntry[] {
    return this.entries.slice(Math.max(0, this.entries.length - count)).toReversed();
  }
}

/** At most 32 arguments of 128 bytes; the last says how many are missing. */
function cut(args: readonly string[]): string[] {
  const kept = args.length > MOST_ARGUMENTS ? args.slice(0, MOST_ARGUMENTS - 1) : args;
  const list = kept.map((arg) =>
    arg.length > LONGEST_ARGUMENT
      ? `${arg.slice(0, LONGEST_ARGUMENT)}... (${arg.length - LONGEST_ARGUMENT} more bytes)`
      : arg,
  );
  if (kept !== args) list.push(`... (${args.length - kept.length} more arguments)`);
  return list;
}
