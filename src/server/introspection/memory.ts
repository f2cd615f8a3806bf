// Where a server's memory goes: what data takes by its own books, what clients hold, what the process has.

import type { Server } from '../server.ts';
import type { Database } from '../keyspace/database.ts';
import { KIND_LARGE, KIND_TEXT } from '../keyspace/kinds.ts';
import type { LargeString } from '../keyspace/strings.ts';
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
/** Of a client without output or partial input. */
const CLIENT = 2048;
/** A short string as V8 keeps it: header, bytes rounded up. */
const TEXT_HEADER = 12;
const TEXT_SAMPLES = 4096;

export function reportMemory(server: Server): MemoryReport {
  const databases = server.keyspace.databases.filter(({ size }) => size > 0).map(memoryOfDatabase);
  const clients = memoryOfClients(server);
  const tables = databases.reduce((sum, { main, expires }) => sum + main + expires, 0);
  const values = databases.reduce((sum, database) => sum + database.values, 0);
  const used = STARTUP + clients + tables + values;
  const statistics = statisticsOf(server);
  statistics.peakMemory = Math.max(statistics.peakMemory, used);
  const { rss: resident, heapUsed, heapTotal } = process.memoryUsage();
  return {
    used,
    peak: statistics.peakMemory,
    startup: STARTUP,
    overhead: STARTUP + clients + tables,
    dataset: values,
    clients,
    databases,
    resident,
    heapUsed,
    heapTotal,
  };
}

export function memoryOfClients(server: Server): number {
  let sum = 0;
  for (const { transport } of server.clients.values()) {
    sum += CLIENT + (transport?.inputBytes() ?? 0) + (transport?.outputBytes() ?? 0);
  }
  return sum;
}

function memoryOfDatabase(db: Database): DatabaseMemory {
  const expires = db.expireAt.byteLength + db.queue.length * 16;
  return {
    id: db.id,
    keys: db.size,
    main: db.table.overhead(),
    expires,
    values: db.arena.used + db.aggregateBytes + textBytes(db),
  };
}

/** Strings outside the arena, of which nobody keeps books: exact for small tables, sampled for large ones. */
function textBytes({ table }: Database): number {
  const step = Math.max(1, Math.floor(table.slots / TEXT_SAMPLES));
  let seen = 0;
  let sum = 0;
  for (let slot = 0; slot < table.slots; slot += step) {
    seen++;
    if (!table.isUsed(slot)) continue;
    const kind = table.kind(slot);
    if (kind === KIND_TEXT) sum += TEXT_HEADER + (((table.values[slot] as string).length + 7) & ~7);
    else if (kind === KIND_LARGE) sum += (table.values[slot] as LargeString).bytes.length;
  }
  return seen === 0 ? 0 : Math.round((sum / seen) * table.slots);
}
