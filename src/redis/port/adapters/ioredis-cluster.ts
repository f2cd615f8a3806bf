/** The port over ioredis' Cluster. */
import type { Driver, LinkEvents, ServerNode } from '../driver.ts';
import { closingWith } from './closing.ts';
import { slotOf } from '../slots.ts';
import { warnOf } from '../warn.ts';
import type { Concern } from '../warn.ts';
import type { AdapterOptions } from './adapter-options.ts';
import { OWN_OPTIONS, addressOf, callOn, ioredisLink, ioredisSubscriber } from './ioredis-link.ts';
import { versionOf } from './ioredis-shapes.ts';
import type { IoredisClient, IoredisCluster } from './ioredis-shapes.ts';

export function ioredisClusterDriver(client: IoredisCluster, adapter: AdapterOptions): Driver {
  const name = `ioredis ${versionOf(client.options.redisOptions ?? {})} cluster`;
  const concerns = concernsOf(client);
  const shares = adapter.made || adapter.connection === 'shared' || (adapter.connection === 'auto' && !concerns.length);
  const outcome = shares ? 'As the port shares it, these stay in force:' : 'The port therefore opens one of its own:';
  if (adapter.connection !== 'own') warnOf(adapter.warn, name, outcome, concerns);
  if (client.listenerCount('error') === 0) client.on('error', () => {});

  let main = client;
  return {
    name,
    cluster: true,
    main(events: LinkEvents) {
      if (!shares) main = client.duplicate([], { ...CLUSTER_OPTIONS, redisOptions: NODE_OPTIONS });
      const link = ioredisLink(main, events, !shares || adapter.made);
      if (shares) return link;
      const end = (): void => main.disconnect();
      client.on('end', end);
      if (client.status !== 'wait') link.open();
      return closingWith(link, () => client.off('end', end));
    },
    async node(key, fresh) {
      const find = (): IoredisClient | undefined => {
        const masters = main.nodes('master');
        if (key === undefined) return masters[0];
        const address = main.slots?.[slotOf(key)]?.[0];
        return masters.find((candidate) => addressOf(candidate) === address);
      };
      let node = fresh || main.status !== 'ready' ? undefined : find();
      if (node === undefined) {
        // Any command of the key follows it to where it is now, and ioredis learns from that; lost nodes it forgets.
        await callOn(main, key === undefined ? ['PING'] : ['EXISTS', key], false);
        node = find();
      }
      if (node === undefined) throw new Error('the cluster has no reachable master');
      return nodeOf(node);
    },
  };
}

function nodeOf(node: IoredisClient): ServerNode {
  const duplicate = (reconnect: boolean): IoredisClient =>
    // Nodes of a cluster do not reconnect by themselves.
    node.duplicate({ ...OWN_OPTIONS, retryStrategy: reconnect ? (times: number) => Math.min(times * 50, 2000) : null });
  return {
    id: addressOf(node),
    connect: (events, reconnect) => ioredisLink(duplicate(reconnect), events, true),
    subscriber: (events) => ioredisSubscriber(duplicate(false), events),
  };
}

const { keyPrefix, lazyConnect, ...NODE_DEFAULTS } = OWN_OPTIONS;
const NODE_OPTIONS = { ...NODE_DEFAULTS, keyPrefix };
// It waits for its nodes; commands do so in the port.
const CLUSTER_OPTIONS = { lazyConnect, keyPrefix, scaleReads: 'master', retryDelayOnFailover: 0 };

function concernsOf({ options }: IoredisCluster): Concern[] {
  const concerns: Concern[] = [];
  if (options['retryDelayOnFailover'] !== 0) {
    concerns.push({
      option: 'retryDelayOnFailover',
      effect: 'ioredis sends commands again whose connection was lost, writes that were carried out included.',
      wayOut: 'Set it to 0.',
    });
  }
  if ((options['scaleReads'] ?? 'master') !== 'master') {
    concerns.push({
      option: 'scaleReads',
      effect: 'replicas answer reads late, and coordination rests on what was read.',
      wayOut: 'Leave it out.',
    });
  }
  if (options['keyPrefix'] || options.redisOptions?.['keyPrefix']) {
    concerns.push({
      option: 'keyPrefix',
      effect: 'keys that scripts, streams and invalidations name would not fit those that were sent.',
      wayOut: 'Leave it out, and use the prefix options of this package.',
    });
  }
  return concerns;
}
