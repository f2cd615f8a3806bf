/**
 * The port over a pool of node-redis. A pool spreads commands over its connections, so that those of a pipeline would
 * not follow each other; the port takes the settings of one of them, and a connection of its own.
 */
import type { Driver, LinkEvents } from '../driver.ts';
import { closingWith } from './closing.ts';
import type { AdapterOptions } from './adapter-options.ts';
import { deferredLink } from './deferred-link.ts';
import { guardErrors, nodeOf } from './node-redis.ts';
import { nodeRedisLink, ownOptions } from './node-redis-link.ts';
import type { NodeRedisClient, NodeRedisPool } from './node-redis-shapes.ts';

export function nodeRedisPoolDriver(pool: NodeRedisPool, adapter: AdapterOptions): Driver {
  guardErrors(pool);
  const anyClient = async (): Promise<NodeRedisClient> => {
    if (!pool.isOpen) await pool.connect();
    return pool.execute((client) => client);
  };
  return {
    name: 'node-redis pool',
    cluster: false,
    main(events: LinkEvents) {
      const link = deferredLink(
        'the pool’s server',
        async () => {
          const client = await anyClient();
          return nodeRedisLink(client.duplicate(ownOptions(client.options)), events, true);
        },
        events,
      );
      return closingWith(link, () => {
        if (adapter.made) pool.destroy();
      });
    },
    async node() {
      return nodeOf(await anyClient());
    },
  };
}
