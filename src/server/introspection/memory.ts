// Where a server's memory goes: what data takes by its own books, what clients hold, what the process has.

import type { Server } from '../server.ts';
import type { Database } from '../keyspace/database.ts';
import { expiryBytes, tableBytes, usedBytes, valueBytes } from '../keyspace/memory-books.ts';
import { memoryOfClient } from '../memory/client-memory.ts';
import { statisticsOf } from './statistics.ts';

export interface MemoryReport {
  /** All that the server accounts for. */
  readonly used: number;
  readonly peak: number;
  /** What an empty server takes. */
  readonly startup: number;
  /** Tables and buffers around the data. */
  readonly overhead: number;
  /** Keys and values. */
  readonly dataset: number;
  readonly clients: number;
  readonly databases: readonly DatabaseMemory[];
  readonly resident: number;
  readonly heapUsed: number;
  readonly heapTotal: number;
}

export interface DatabaseMemory {
  readonly id: number;
  readonly keys: number;
  readonly main: number;
  readonly expires: number;
  readonly values: number;
}

/** The read buffer, the staging buffer, the command table: what stands before the first key. */
const STARTUP = 860 * 1024;

/** All that the server accounts for, as a limit has to know it before each command. */
export function usedMemory(server: Server): number {
  let used = STARTUP + trackingBytes(server) + (server.clientMemory?.total ?? memoryOfClients(server));
  for (const db of server.keyspace.databases) if (db.table.size > 0) used += usedBytes(db);
  return used;
}

export function reportMemory(server: Server): MemoryReport {
  const databases = server.keyspace.databases.filter(({ size }) => size > 0).map(memoryOfDatabase);
  const clients = memoryOfClients(server);
  const tables = databases.reduce((sum, { main, expires }) => sum + main + expires, 0);
  const values = databases.reduce((sum, database) => sum + database.values, 0);
  const tracked = trackingBytes(server);
  const used = STARTUP + clients + tracked + tables + values;
  const statistics = statisticsOf(server);
  statistics.peakMemory = Math.max(statistics.peakMemory, used);
  const { rss: resident, heapUsed, heapTotal } = process.memoryUsage();
  return {
    used,
    peak: statistics.peakMemory,
    startup: STARTUP,
    overhead: STARTUP + clients + tracked + tables,
    dataset: values,
    clients,
    databases,
    resident,
    heapUsed,
    heapTotal,
  };
}

/** What replicas have not taken yet; it does not count for `maxmemory`. */
export function memoryOfReplicas(server: Server): number {
  let sum = 0;
  for (const client of server.clients.values()) if (client.isReplica) sum += memoryOfClient(client);
  return sum;
}

export function memoryOfClients(server: Server): number {
  server.clientMemory?.sum(server.keyspace.now);
  let sum = 0;
  for (const client of server.clients.values()) sum += memoryOfClient(client);
  return sum;
}

/** What is remembered of keys that clients have read. */
function trackingBytes({ tracking }: Server): number {
  return tracking === undefined ? 0 : tracking.bytes;
}

function memoryOfDatabase(db: Database): DatabaseMemory {
  return { id: db.id, keys: db.size, main: tableBytes(db), expires: expiryBytes(db), values: valueBytes(db) };
}
