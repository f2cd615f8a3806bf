// `maxmemory`: before each command keys are evicted until the limit holds; where that is not enough, commands that
// could take more memory are refused.
//
// Without a limit there is no guard, and nothing is counted. Scripts are not interrupted: what memory was like before
// the command that started them holds until they have written.

import { FLAG_BITS } from '../../redis/commands/index.ts';
import { configOf } from '../config/config.ts';
import type { Call } from '../dispatch/call.ts';
import { OUT_OF_MEMORY } from '../errors.ts';
import type { CommandError } from '../errors.ts';
import { latencyOf } from '../introspection/latency.ts';
import { usedMemory } from '../introspection/memory.ts';
import { statisticsOf } from '../introspection/statistics.ts';
import { Eviction } from '../keyspace/eviction.ts';
import type { Outcome } from '../keyspace/eviction.ts';
import { savingOf } from '../persistence/saving.ts';
import { flagsOf, queuedFlags } from '../scripting/command-flags.ts';
import type { Server } from '../server.ts';
import { ClientMemory } from './client-memory.ts';

/** A queue of commands grows whatever they do; these end it. */
const ALLOWED_IN_MULTI = new Set(['exec', 'discard', 'quit', 'reset']);

/** Obey `maxmemory` and `maxmemory-clients` from now on. */
export function startMemoryLimit(server: Server): void {
  const limit = new MemoryLimit(server);
  for (const name of ['maxmemory', 'maxmemory-clients']) configOf(server).onChange(name, () => limit.apply());
  configOf(server).onChange('maxmemory-policy', () => limit.eviction.pool.clear());
  limit.apply();
}

export class MemoryLimit {
  readonly server: Server;
  readonly eviction: Eviction;
  stopGuarding: (() => void) | undefined = undefined;
  /** Work that was left for later. */
  later: NodeJS.Immediate | undefined = undefined;

  constructor(server: Server) {
    this.server = server;
    this.eviction = new Eviction(server.keyspace);
    server.stopListeners.push(() => clearImmediate(this.later));
    server.closeListeners.push((client) => server.clientMemory?.forget(client));
  }

  apply(): void {
    const { server } = this;
    const { maxmemory } = server.settings;
    server.keyspace.counting = maxmemory > 0;
    server.shortOfMemory = false;
    const wanted = maxmemory > 0 || configOf(server).value('maxmemory-clients') !== 0;
    if (!wanted) {
      this.stopGuarding?.();
      this.stopGuarding = undefined;
      server.clientMemory = undefined;
      return;
    }
    server.clientMemory ??= new ClientMemory(server);
    this.stopGuarding ??= server.addGuard((call) => this.check(call));
    this.goOnLater();
  }

  check(call: Call): CommandError | 'taken' | undefined {
    const { server } = this;
    const { client } = call;
    const { clientMemory } = server;
    if (server.depth > 0 || clientMemory === undefined) return undefined;
    clientMemory.update(client, call);
    clientMemory.evict();
    if (client.closed) return 'taken';
    if (server.settings.maxmemory === 0) return undefined;
    server.shortOfMemory = !this.makeRoom();
    return server.shortOfMemory && refuses(call) ? OUT_OF_MEMORY : undefined;
  }

  /** Evict until the limit holds; false when it cannot be made to. INFO tells for how long it did not hold. */
  makeRoom(): boolean {
    const outcome = this.evict();
    const statistics = statisticsOf(this.server);
    if (outcome !== 'done') statistics.exceededSince ??= this.server.clock.now();
    else if (statistics.exceededSince !== undefined) {
      statistics.exceeded += this.server.clock.now() - statistics.exceededSince;
      statistics.exceededSince = undefined;
    }
    return outcome !== 'stuck';
  }

  evict(): Outcome {
    const { server } = this;
    const { keyspace } = server;
    const excess = usedMemory(server) - server.settings.maxmemory;
    if (excess <= 0 || !keyspace.mayExpire || savingOf(server).loading !== undefined) return 'done';
    const started = performance.now();
    const patience = patienceOf(Number(configOf(server).value('maxmemory-eviction-tenacity')));
    const statistics = statisticsOf(server);
    const verb = configOf(server).value('lazyfree-lazy-eviction') === true ? 'UNLINK' : 'DEL';
    const late = (): boolean => performance.now() - started > patience;
    const outcome = this.eviction.free(excess, verb, late, () => statistics.count('evicted_keys'));
    latencyOf(server).add('eviction-cycle', performance.now() - started);
    if (outcome === 'late') this.goOnLater();
    return outcome;
  }

  /** After a lower limit, or when time was short. */
  goOnLater(): void {
    this.later ??= setImmediate(() => {
      this.later = undefined;
      const { server } = this;
      server.guarded(undefined, () => {
        server.beginBatch();
        server.clientMemory?.evict();
        if (server.settings.maxmemory > 0) this.makeRoom();
        server.endBatch();
      });
    });
  }
}

function refuses(call: Call): boolean {
  if (((flagsOf(call) | queuedFlags(call)) & FLAG_BITS.denyoom) !== 0) return true;
  return call.client.transaction !== undefined && !ALLOWED_IN_MULTI.has(call.command.name);
}

/** Milliseconds that one round of eviction may take, as Redis reckons from `maxmemory-eviction-tenacity`. */
function patienceOf(tenacity: number): number {
  if (tenacity <= 10) return 0.05 * tenacity;
  return tenacity < 100 ? 0.5 * 1.15 ** (tenacity - 10) : Infinity;
}
