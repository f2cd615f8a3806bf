// A cluster of one node, behind `cluster-enabled`: its slots, its identity, and the refusals that clients must know.
//
// There is no bus: other nodes cannot be met. What redis-server settles within seconds (the state of the cluster after
// slots were added) is so at once.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configOf } from '../config/config.ts';
import { replaceFile } from '../persistence/disk.ts';
import { persistenceOf } from '../persistence/persistence.ts';
import type { Server } from '../server.ts';
import { randomId } from '../util/random.ts';
import { guardSlots } from './guard.ts';
import { SLOTS } from './slots.ts';

const KEY = Symbol('cluster');

/** Undefined unless `cluster-enabled` is set. */
export function clusterOf(server: Server): Cluster | undefined {
  return server.extras.get(KEY) as Cluster | undefined;
}

/** Turn into a node as soon as the configuration says so, which is before the first client comes. */
export function startCluster(server: Server): void {
  configOf(server).onChange('cluster-enabled', () => {
    if (configOf(server).value('cluster-enabled') !== true || clusterOf(server) !== undefined) return;
    const cluster = new Cluster(server);
    server.extras.set(KEY, cluster);
    server.addGuard(guardSlots(cluster));
  });
}

export class Cluster {
  readonly server: Server;
  id: string;
  shardId: string;
  /** 1 for each slot that this node serves. */
  readonly slots = new Uint8Array(SLOTS);
  /** Slots on their way, which only a node's own id can name here. */
  readonly moving = new Map<number, 'migrating' | 'importing'>();
  currentEpoch = 0;
  epoch = 0;

  constructor(server: Server) {
    this.server = server;
    this.id = randomId(this.server.random);
    this.shardId = randomId(this.server.random);
  }

  get assigned(): number {
    let count = 0;
    for (const served of this.slots) count += served;
    return count;
  }

  /** Are commands served? */
  get isUp(): boolean {
    const { assigned } = this;
    const needsAll = configOf(this.server).value('cluster-require-full-coverage') === true;
    return needsAll ? assigned === SLOTS : assigned > 0;
  }

  /** Runs of slots, both ends within. */
  ranges(): [number, number][] {
    const found: [number, number][] = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      if (this.slots[slot] === 0) continue;
      const last = found.at(-1);
      if (last !== undefined && last[1] === slot - 1) last[1] = slot;
      else found.push([slot, slot]);
    }
    return found;
  }

  /** Back to a node that knows nothing; `hard` with a new id and epoch. */
  reset(hard: boolean): void {
    this.slots.fill(0);
    this.moving.clear();
    if (!hard) return;
    this.currentEpoch = 0;
    this.epoch = 0;
    this.id = randomId(this.server.random);
  }

  /** This node's line of CLUSTER NODES, which is also what the file holds. */
  line(address: string): string {
    const slots = this.ranges().map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
    for (const [slot, way] of this.moving) slots.push(`[${slot}-${way === 'migrating' ? '>' : '<'}-${this.id}]`);
    return `${[this.id, address, 'myself,master', '-', 0, 0, this.epoch, 'connected', ...slots].join(' ')}\n`;
  }

  // The file, where the server keeps data: without it, keys would come back to a node that serves none of them.

  save(): void {
    const folder = persistenceOf(this.server)?.folder;
    if (folder === undefined) return;
    const path = join(folder, configOf(this.server).text('cluster-config-file'));
    const text = `${this.line(':0@0')}vars currentEpoch ${this.currentEpoch} lastVoteEpoch 0\n`;
    replaceFile(path, `${path}.tmp`, [Buffer.from(text)]);
  }

  /** Take over what a file of the same form says of its node. */
  load(folder: string): void {
    let text: string;
    try {
      text = readFileSync(join(folder, configOf(this.server).text('cluster-config-file')), 'latin1');
    } catch {
      return;
    }
    for (const line of text.split('\n')) {
      const words = line.split(' ');
      if (words[2]?.split(',').includes('myself') === true) {
        this.id = words[0]!;
        this.epoch = Number(words[6]);
        for (const range of words.slice(8)) this.serve(range);
      } else if (words[0] === 'vars') {
        this.currentEpoch = Number(words[words.indexOf('currentEpoch') + 1]);
      }
    }
  }

  serve(range: string): void {
    const parts = /^(\d+)(?:-(\d+))?$/.exec(range);
    if (parts === null) return;
    this.slots.fill(1, Number(parts[1]), Number(parts[2] ?? parts[1]) + 1);
  }
}
