// The latency monitor: delays above a threshold, by event, as a short time series.

import { configOf } from '../config/config.ts';
import type { Server } from '../server.ts';
import type { SlowListener } from './timing.ts';

export interface Spike {
  /** Seconds since the epoch. */
  readonly at: number;
  milliseconds: number;
}

const LONGEST_SERIES = 160;
const KEY = Symbol('latency monitor');

export function latencyOf(server: Server): LatencyMonitor {
  let monitor = server.extras.get(KEY) as LatencyMonitor | undefined;
  if (monitor === undefined) server.extras.set(KEY, (monitor = new LatencyMonitor(server)));
  return monitor;
}

/** Note commands that take `latency-monitor-threshold` milliseconds or more; 0 notes nothing. */
export function startLatencyMonitor(server: Server): void {
  const monitor = latencyOf(server);
  let current: SlowListener | undefined;
  const update = (): void => {
    const { latencyMonitorThreshold: threshold } = server.settings;
    const others = server.timing.slowListeners.filter((listener) => listener !== current);
    current =
      threshold === 0
        ? undefined
        : {
            threshold: threshold * 1000,
            slow: (_, command, time) => monitor.add(command.has('fast') ? 'fast-command' : 'command', time / 1000),
          };
    server.timing.setSlowListeners(current === undefined ? others : [...others, current]);
  };
  configOf(server).onChange('latency-monitor-threshold', update);
  update();
}

export class LatencyMonitor {
  readonly server: Server;
  readonly events = new Map<string, Series>();

  constructor(server: Server) {
    this.server = server;
  }

  /** Note a delay if it is long enough; a second keeps its longest. */
  add(event: string, milliseconds: number): void {
    const threshold = this.server.settings.latencyMonitorThreshold;
    const whole = Math.floor(milliseconds);
    if (threshold === 0 || whole < threshold) return;
    let series = this.events.get(event);
    if (series === undefined) this.events.set(event, (series = new Series()));
    series.add(Math.floor(this.server.clock.now() / 1000), whole);
  }

  /** Forget these events, or all; returns how many there were. */
  reset(events: readonly string[]): number {
    if (events.length > 0) return events.filter((event) => this.events.delete(event)).length;
    const { size } = this.events;
    this.events.clear();
    return size;
  }
}

export class Series {
  spikes: Spike[] = [];
  longest = 0;

  add(at: number, milliseconds: number): void {
    this.longest = Math.max(this.longest, milliseconds);
    const last = this.spikes.at(-1);
    if (last?.at === at) {
      last.milliseconds = Math.max(last.milliseconds, milliseconds);
      return;
    }
    this.spikes.push({ at, milliseconds });
    if (this.spikes.length > LONGEST_SERIES) this.spikes.shift();
  }
}
