/** The port over node-redis' createCluster. */
import type { Clock } from '../clock.ts';
import type { Driver, LinkEvents, Route, WireArguments } from '../driver.ts';
import { slotOf } from '../slots.ts';
import type { AdapterOptions } from './adapter-options.ts';
import { manyLink } from './many-links.ts';
import { guardErrors, nodeOf } from './node-redis.ts';
import { OWN_OPTIONS, commandOptions, destroy } from './node-redis-link.ts';
import { defaultsOf, versionOf } from './node-redis-shapes.ts';
import type { NodeRedisClient, NodeRedisCluster } from './node-redis-shapes.ts';

/** Milliseconds: at most one new look at the nodes in this time, and how long the old connections are kept for replies. */
const LOOK_EVERY = 500;
const KEEP_OLD = 5000;

export function nodeRedisClusterDriver(client: NodeRedisCluster, adapter: AdapterOptions): Driver {
  guardErrors(client);
  const shares = adapter.made || adapter.connection === 'shared';
  let main = shares ? client : own(client);

  let connecting: Promise<unknown> | undefined;
  async function connect(): Promise<void> {
    if (!main.isOpen) connecting = main.connect().finally(() => (connecting = undefined));
    await connecting;
    // Its owner is connecting it.
    for (let tries = 0; main.isOpen && main.masters.length === 0 && tries < 250; tries++) {
      await new Promise<void>((resolve) => adapter.clock.after(20, resolve));
    }
  }
  async function nodeClient(key: string | undefined): Promise<NodeRedisClient> {
    await connect();
    const node = key === undefined ? main.masters[0] : main.slots[slotOf(key)]?.master;
    if (node === undefined) throw new Error('the cluster has no reachable master');
    return main.nodeClient(node);
  }
  async function call(args: WireArguments, route: Route): Promise<unknown> {
    const options = commandOptions(route);
    // Without a key, version 6 would ask all nodes and merge what they say.
    if (route.key === undefined) return (await nodeClient(undefined)).sendCommand(args, options);
    return main.sendCommand(route.key, false, args, options);
  }

  return {
    name: `node-redis ${versionOf(client)} cluster`,
    cluster: true,
    main: (events: LinkEvents) =>
      manyLink(
        {
          address: 'the cluster',
          connect,
          call,
          // After a failover it would go on asking the lost node for its slots.
          ...(!shares && {
            refresh: refresher(
              adapter.clock,
              () => own(client),
              (next) => {
                const old = main;
                main = next;
                adapter.clock.after(KEEP_OLD, () => destroy(old));
              },
            ),
          }),
          close() {
            if (!shares || adapter.made) destroy(main);
          },
        },
        events,
        shares && client.isOpen,
      ),
    async node(key, fresh) {
      // Any command of the key follows it to where it is now.
      if (fresh && key !== undefined) await call(['EXISTS', key], { key, buffers: false });
      return nodeOf(await nodeClient(key));
    },
  };
}

function own(client: NodeRedisCluster): NodeRedisCluster {
  const { RESP, commandOptions: perCommand, clientSideCache, ...defaults } = OWN_OPTIONS;
  const made = client.duplicate({
    RESP,
    commandOptions: perCommand,
    clientSideCache,
    useReplicas: false,
    defaults: { ...defaultsOf(client), ...defaults },
  });
  guardErrors(made);
  return made;
}

function refresher(clock: Clock, make: () => NodeRedisCluster, take: (next: NodeRedisCluster) => void): () => void {
  let resting = false;
  return () => {
    if (resting) return;
    resting = true;
    clock.after(LOOK_EVERY, () => {
      resting = false;
    });
    void renew(make(), take);
  };
}

async function renew(next: NodeRedisCluster, take: (next: NodeRedisCluster) => void): Promise<void> {
  try {
    await next.connect();
    take(next);
  } catch {
    destroy(next);
  }
}
