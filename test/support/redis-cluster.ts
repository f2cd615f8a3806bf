/** A real cluster of redis-server for tests: three masters, a replica each. */
import { once } from 'node:events';
import net from 'node:net';
import { startRedisServer, type RedisServer } from './redis-server.ts';

export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /** The master of a slot, as the given node sees it. */
  masterOf(slot: number): Promise<RedisServer>;
  /** Move a slot and its keys to another master, as a rebalancing does. */
  moveSlot(slot: number, keys: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;
const MASTERS = 3;

export async function startRedisCluster({ replicas = true } = {}): Promise<RedisCluster> {
  const count = replicas ? 2 * MASTERS : MASTERS;
  const buses = await Promise.all(Array.from({ length: count }, freePort));
  const nodes = await Promise.all(
    buses.map((bus) =>
      startRedisServer({
        args: (
          `--cluster-enabled yes --cluster-port ${bus} --cluster-node-timeout 1000 ` +
          `--cluster-replica-validity-factor 0 --repl-diskless-sync-delay 0`
        ).split(' '),
      }),
    ),
  );
  const [first] = nodes as [RedisServer];
  await Promise.all(nodes.map((node, index) => node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))));
  await Promise.all(
    nodes
      .slice(1)
      .map((node, index) => first.command('CLUSTER', 'MEET', '127.0.0.1', String(node.port), String(buses[index + 1]))),
  );
  for (let index = 0; index < MASTERS; index++) {
    const from = Math.ceil((index * SLOTS) / MASTERS);
    const to = Math.ceil(((index + 1) * SLOTS) / MASTERS) - 1;
    await nodes[index]!.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
  }
  const ids = await Promise.all(nodes.map(async (node) => String(await node.command('CLUSTER', 'MYID'))));
  for (let index = MASTERS; index < count; index++) {
    await until(() => nodes[index]!.command('CLUSTER', 'REPLICATE', ids[index - MASTERS]!));
  }
  for (const node of nodes) {
    await until(async () => {
      const shards = (await node.command('CLUSTER', 'SLOTS')) as readonly (readonly unknown[])[];
      return shards.length === MASTERS && shards.every((shard) => shard.length === 2 + count / MASTERS);
    });
  }
  // A node answers for its slots once it has heard of most masters.
  for (const node of nodes.slice(0, MASTERS)) await until(async () => isOk(await node.command('CLUSTER', 'INFO')));

  const running = async (): Promise<RedisServer> => {
    for (const node of nodes) {
      if (
        await node.command('PING').then(
          () => true,
          () => false,
        )
      )
        return node;
    }
    throw new Error('no node of the cluster is up');
  };
  const byPort = (port: number): RedisServer => nodes.find((node) => node.port === port)!;
  const masterOf = async (slot: number): Promise<RedisServer> => {
    const shards = (await (await running()).command('CLUSTER', 'SLOTS')) as readonly [
      number,
      number,
      [string, number],
    ][];
    const shard = shards.find(([from, to]) => from <= slot && slot <= to)!;
    return byPort(shard[2][1]);
  };
  return {
    nodes,
    addresses: nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
    masterOf,
    async moveSlot(slot, keys) {
      const source = await masterOf(slot);
      const target = nodes.slice(0, MASTERS).find((node) => node !== source)!;
      const [from, to] = await Promise.all([source, target].map((node) => node.command('CLUSTER', 'MYID')));
      await target.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', String(from));
      await source.command('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', String(to));
      if (keys.length > 0) {
        await source.command('MIGRATE', '127.0.0.1', String(target.port), '', '0', '5000', 'KEYS', ...keys);
      }
      for (const node of nodes)
        await node.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', String(to)).catch(() => {});
    },
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

function isOk(info: unknown): boolean {
  // Only the first line is read, and it says all: "cluster_state:ok".
  return String(info).includes('cluster_state:ok');
}

async function until(check: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    if (await check().catch(() => false)) return;
    if (performance.now() > deadline) throw new Error('the cluster did not come up');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as net.AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
