// INFO about commands: how often, how long, how they failed.

import { configOf } from '../../config/config.ts';
import type { Server } from '../../server.ts';
import type { Section } from './index.ts';

export function commandStatistics(server: Server): Section {
  const section: Record<string, string> = {};
  for (const { name, calls, microseconds, rejected, failed } of server.registry.used()) {
    if (calls === 0 && rejected === 0 && failed === 0) continue;
    const usec = Math.round(microseconds);
    const each = calls === 0 ? 0 : usec / calls;
    section[`cmdstat_${name}`] =
      `calls=${calls},usec=${usec},usec_per_call=${each.toFixed(2)},rejected_calls=${rejected},failed_calls=${failed}`;
  }
  return section;
}

export function errorStatistics({ errorCounts }: Server): Section {
  const codes = [...errorCounts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(codes.map(([code, count]) => [`errorstat_${code}`, `count=${count}`]));
}

export function latencyStatistics(server: Server): Section {
  const config = configOf(server);
  const section: Record<string, string> = {};
  if (config.value('latency-tracking') === false) return section;
  const percentiles = config
    .text('latency-tracking-info-percentiles')
    .split(' ')
    .filter((share) => share !== '');
  for (const { name, histogram } of server.registry.used()) {
    if (histogram === undefined) continue;
    section[`latency_percentiles_usec_${name}`] = percentiles
      .map((share) => `p${share}=${(histogram.percentile(Number(share)) / 1000).toFixed(3)}`)
      .join(',');
  }
  return section;
}
