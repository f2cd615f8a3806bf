/** The port over node-redis' createSentinel. */
import type { Driver, LinkEvents } from '../driver.ts';
import type { AdapterOptions } from './adapter-options.ts';
import { manyLink } from './many-links.ts';
import { guardErrors, nodeOf } from './node-redis.ts';
import { commandOptions, destroy } from './node-redis-link.ts';
import { masterOf, versionOf } from './node-redis-shapes.ts';
import type { NodeRedisSentinel } from './node-redis-shapes.ts';

export function nodeRedisSentinelDriver(client: NodeRedisSentinel, adapter: AdapterOptions): Driver {
  guardErrors(client);
  const shares = adapter.made || adapter.connection === 'shared';
  // Rediscovering means that commands are sent again whose connection was lost, writes included.
  const main = shares ? client : client.duplicate({ maxCommandRediscovers: 0, commandOptions: { timeout: 0 } });
  guardErrors(main);
  const connect = async (): Promise<void> => {
    if (!main.isOpen) await main.connect();
  };
  return {
    name: `node-redis ${versionOf(client)} sentinel`,
    cluster: false,
    main: (events: LinkEvents) =>
      manyLink(
        {
          address: 'the master that the sentinels name',
          connect,
          call: (args, route) => main.sendCommand(false, args, commandOptions(route)),
          close() {
            if (!shares || adapter.made) destroy(main);
          },
        },
        events,
        shares && client.isReady,
      ),
    async node() {
      await connect();
      const master = await masterOf(main);
      return nodeOf(master);
    },
  };
}
