// LATENCY DOCTOR: what the latency monitor saw, in words, and what to do about it.

import type { Server } from '../server.ts';
import { latencyOf } from './latency.ts';
import type { Series } from './latency.ts';

/** A report for people. */
export function doctorReport(server: Server): string {
  const { latencyMonitorThreshold: threshold, slowlogSlowerThan: slower } = server.settings;
  if (threshold === 0) {
    return 'Latency monitoring is off. Switch it on with "CONFIG SET latency-monitor-threshold <milliseconds>".\n';
  }
  const { events } = latencyOf(server);
  if (events.size === 0) return `No delay of ${threshold} ms or more has been seen so far.\n`;
  const lines = ['Delays have been seen:', ''];
  let number = 1;
  for (const [event, series] of events) lines.push(`${number++}. ${event}: ${describe(series)}`);
  lines.push('', 'Advice:', '');
  if (slower < 0 || slower > threshold * 1000) {
    lines.push(
      `- The slow log starts later than the latency monitor. "CONFIG SET slowlog-log-slower-than ${threshold * 1000}" lets it name the commands.`,
    );
  } else {
    lines.push('- SLOWLOG GET names the commands that took long.');
  }
  lines.push('- Commands over many elements (KEYS, SMEMBERS, LRANGE, SORT) hold everybody up: scan in steps instead.');
  return `${lines.join('\n')}\n`;
}

function describe({ spikes, longest }: Series): string {
  const times = spikes.map(({ milliseconds }) => milliseconds);
  const average = times.reduce((sum, time) => sum + time, 0) / times.length;
  const deviation = times.reduce((sum, time) => sum + Math.abs(time - average), 0) / times.length;
  const seconds = Math.max(1, spikes.at(-1)!.at - spikes[0]!.at);
  const period = (seconds / spikes.length).toFixed(2);
  return `${spikes.length} latency spikes (average ${Math.round(average)}ms, mean deviation ${Math.round(deviation)}ms, period ${period} sec). Worst all time event ${longest}ms.`;
}
