// INFO: sections by name, in Redis' order.

import type { Server } from '../../server.ts';
import { commandStatistics, errorStatistics, latencyStatistics } from './commands.ts';
import { clientSection, memorySection, persistenceSection, statisticsSection } from './activity.ts';
import { replicationSection } from './replication.ts';
import { clusterSection, cpuSection, keyspaceSection, serverSection } from './server.ts';

export type Section = Readonly<Record<string, string | number>>;

interface SectionSource {
  readonly title: string;
  readonly fields: (server: Server) => Section;
  /** Only with `all`, `everything`, or by name. */
  readonly onRequest?: boolean;
}

const SECTIONS: Readonly<Record<string, SectionSource>> = {
  server: { title: 'Server', fields: serverSection },
  clients: { title: 'Clients', fields: clientSection },
  memory: { title: 'Memory', fields: memorySection },
  persistence: { title: 'Persistence', fields: persistenceSection },
  stats: { title: 'Stats', fields: statisticsSection },
  replication: { title: 'Replication', fields: replicationSection },
  cpu: { title: 'CPU', fields: cpuSection },
  modules: { title: 'Modules', fields: () => ({}) },
  commandstats: { title: 'Commandstats', fields: commandStatistics, onRequest: true },
  errorstats: { title: 'Errorstats', fields: errorStatistics },
  latencystats: { title: 'Latencystats', fields: latencyStatistics, onRequest: true },
  cluster: { title: 'Cluster', fields: clusterSection },
  keyspace: { title: 'Keyspace', fields: keyspaceSection },
};

/** The text of INFO with these arguments; unknown sections add nothing. */
export function infoText(server: Server, wanted: readonly string[]): string {
  const names = new Set(wanted.map((name) => name.toLowerCase()));
  const all = names.has('all') || names.has('everything');
  const usual = names.size === 0 || names.has('default');
  const blocks: string[] = [];
  for (const [name, { title, fields, onRequest }] of Object.entries(SECTIONS)) {
    if (!all && !names.has(name) && !(usual && onRequest !== true)) continue;
    const lines = Object.entries(fields(server)).map(([field, value]) => `${field}:${value}\r\n`);
    blocks.push(`# ${title}\r\n${lines.join('')}`);
  }
  return blocks.join('\r\n');
}
