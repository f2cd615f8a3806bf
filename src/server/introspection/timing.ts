// How long commands take, for INFO, LATENCY and the slow log, at next to no cost.
//
// Reading the clock twice per command costs more than a short command's look-up. So commands whose time depends on data
// (and all of them while someone watches closely) are timed one by one, while short ones are timed in runs: the clock is
// read when the command changes and at the end of a read's batch, and the run's time is shared evenly.

import type { Call } from '../dispatch/call.ts';
import type { Command } from '../dispatch/registry.ts';
import { Histogram } from './histogram.ts';

/** Told of each command that took this many microseconds or more. */
export interface SlowListener {
  readonly threshold: number;
  slow(call: Call, command: Command, microseconds: number): void;
}

/** A short command in a run takes far less; a lower threshold asks for the exact time of each. */
const SHORT = 1000;

export class Timing {
  /** Time every command by itself. */
  exact = false;
  /** The short command whose run is being timed. */
  command: Command | undefined = undefined;
  callsBefore = 0;
  since = 0;
  /** Keep histograms: `latency-tracking`. */
  tracking = true;
  /** Milliseconds that passed on a clock other than the system's: DEBUG SLEEP under a virtual clock. */
  skipped = 0;
  slowListeners: readonly SlowListener[] = [];
  lowestThreshold = Infinity;
  watchers = 0;

  /** A run of another command begins. */
  enter(command: Command): void {
    const now = performance.now();
    if (this.command !== undefined) this.close(now);
    this.command = command;
    this.callsBefore = command.calls;
    this.since = now;
  }

  leave(): void {
    this.close(performance.now());
    this.command = undefined;
  }

  /** A command that is timed by itself begins. */
  begin(): number {
    const now = performance.now();
    if (this.command !== undefined) this.close(now);
    this.command = undefined;
    return now + this.skipped;
  }

  /** It has ended, or has begun to wait. */
  end(call: Call, command: Command, started: number): number {
    const microseconds = this.elapsed(started);
    // Runs inside this command (a transaction's) end with it.
    if (this.command !== undefined) this.leave();
    command.calls++;
    command.microseconds += microseconds;
    if (!call.client.blocked) this.note(call, command, microseconds);
    return microseconds;
  }

  /** A command that has waited is served: only now it counts as slow or not. */
  served(call: Call, started: number): void {
    const microseconds = this.elapsed(started);
    call.command.microseconds += microseconds;
    this.note(call, call.command, microseconds);
  }

  note(call: Call, command: Command, microseconds: number): void {
    if (this.tracking) (command.histogram ??= new Histogram()).record(microseconds * 1000, 1);
    if (microseconds < this.lowestThreshold) return;
    for (const listener of this.slowListeners) {
      if (microseconds >= listener.threshold) listener.slow(call, command, microseconds);
    }
  }

  elapsed(started: number): number {
    return Math.max(0, (performance.now() + this.skipped - started) * 1000);
  }

  close(now: number): void {
    const command = this.command!;
    const calls = command.calls - this.callsBefore;
    if (calls <= 0) return;
    const microseconds = (now - this.since) * 1000;
    command.microseconds += microseconds;
    if (this.tracking) (command.histogram ??= new Histogram()).record((microseconds * 1000) / calls, calls);
  }

  /** Add or remove someone who wants every command timed. */
  watch(change: 1 | -1): void {
    this.watchers += change;
    this.update();
  }

  setSlowListeners(listeners: readonly SlowListener[]): void {
    this.slowListeners = listeners;
    this.lowestThreshold = Math.min(Infinity, ...listeners.map(({ threshold }) => threshold));
    this.update();
  }

  update(): void {
    this.exact = this.watchers > 0 || this.lowestThreshold < SHORT;
  }
}
