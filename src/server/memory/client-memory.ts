// What clients take, and `maxmemory-clients`: when all together take too much, the largest lose their connections.
//
// While a limit is set each client's figure is renewed when it sends a command, when a command that has only partly
// arrived grows, and when it is slow to read; all of them ten times a second, for output also drains by itself.

import type { Client } from '../client.ts';
import { configOf } from '../config/config.ts';
import type { Call } from '../dispatch/call.ts';
import { statisticsOf } from '../introspection/statistics.ts';
import type { Server } from '../server.ts';

/** A client without output or partial input. */
const CLIENT = 2048;
/** A key under WATCH, a subscription, a prefix: what they are called does not count, as in Redis. */
const ENTRY = 64;
const PERIOD = 100;
/** With less nobody could connect any more, not even to change the limit. */
const LEAST_LIMIT = 128 * 1024;

/** Bytes that a client holds, `argv` of them for the command that runs. */
export function memoryOfClient(client: Client, argv = 0): number {
  const { transport } = client;
  const entries =
    client.watched.length +
    client.channels.size +
    client.patterns.size +
    client.shardChannels.size +
    (client.tracking?.prefixes.size ?? 0);
  return (
    CLIENT +
    // What runs may still lie in what is held. Output that leaves at the end of the batch does not count: telling
    // clients of evicted keys would evict more.
    (transport === undefined
      ? argv
      : Math.max(argv, transport.heldBytes()) + transport.outputBytes() - client.reply.pending()) +
    (client.transaction?.bytes ?? 0) +
    entries * ENTRY
  );
}

export class ClientMemory {
  readonly server: Server;
  readonly figures = new Map<Client, number>();
  total = 0;
  sumAgainAt = 0;

  constructor(server: Server) {
    this.server = server;
  }

  /** Bytes that clients may take together; 0: any number. */
  limit(): number {
    const given = configOf(this.server).value('maxmemory-clients');
    const bytes =
      typeof given === 'number'
        ? given
        : Math.floor((this.server.settings.maxmemory * Number.parseInt(String(given), 10)) / 100);
    return bytes === 0 ? 0 : Math.max(bytes, LEAST_LIMIT);
  }

  /** A client may take more or less than before. `call` is what it is about to run. */
  update(client: Client, call?: Call): void {
    const { now } = this.server.keyspace;
    if (now >= this.sumAgainAt || now < this.sumAgainAt - PERIOD) this.sum(now);
    const argv = call === undefined || call.argc === 0 ? 0 : call.end[call.argc - 1]! - call.start[0]!;
    this.note(client, memoryOfClient(client, argv));
  }

  /** Outside of commands: renew a client's figure, and cut off clients if it is too much now. */
  changed(client: Client): void {
    this.update(client);
    this.evict();
  }

  sum(now: number): void {
    this.sumAgainAt = now + PERIOD;
    this.figures.clear();
    this.total = 0;
    for (const client of this.server.clients.values()) this.note(client, memoryOfClient(client));
  }

  note(client: Client, bytes: number): void {
    // What replicas have not read must not evict anything: it would only grow by that.
    if (client.transport === undefined || client.isReplica) return;
    // Its buffers go with it.
    if (client.closing || client.closed) return this.forget(client);
    this.total += bytes - (this.figures.get(client) ?? 0);
    this.figures.set(client, bytes);
  }

  forget(client: Client): void {
    this.total -= this.figures.get(client) ?? 0;
    this.figures.delete(client);
  }

  /** Cut off the largest clients until the others keep within the limit. Sizes within a power of two are alike. */
  evict(): void {
    const limit = this.limit();
    if (limit === 0 || this.total <= limit) return;
    const { server } = this;
    this.sum(server.keyspace.now);
    const candidates = [...this.figures].filter(([client]) => !client.noEvict);
    candidates.sort(([, first], [, second]) => Math.clz32(first) - Math.clz32(second));
    for (const [client] of candidates) {
      if (this.total <= limit) return;
      server.log(`Evicting client: id=${client.id} addr=${client.transport?.remote} name=${client.name}`);
      this.forget(client);
      server.disconnect(client);
      statisticsOf(server).count('evicted_clients');
    }
  }
}
