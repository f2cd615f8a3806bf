/** The port over node-redis' createSentinel. */
import type { Driver, LinkEvents, Route, WireArguments } from '../driver.ts';
import type { AdapterOptions } from './adapter-options.ts';
import { manyLink } from './many-links.ts';
import { guardErrors, nodeOf } from './node-redis.ts';
import { commandOptions, destroy } from './node-redis-link.ts';
import { onMaster, versionOf } from './node-redis-shapes.ts';
import type { NodeRedisSentinel } from './node-redis-shapes.ts';

export function nodeRedisSentinelDriver(client: NodeRedisSentinel, adapter: AdapterOptions): Driver {
  guardErrors(client);
  let connecting: Promise<unknown> | undefined;
  async function connect(): Promise<void> {
    if (!client.isOpen) connecting = client.connect().finally(() => (connecting = undefined));
    await connecting;
  }
  // Version 5 cannot be duplicated, so its connection is shared.
  return {
    name: `node-redis ${versionOf(client)} sentinel`,
    cluster: false,
    main: (events: LinkEvents) =>
      manyLink(
        {
          address: 'the master that the sentinels name',
          connect,
          call: (args, route) => callMaster(client, args, route),
          close() {
            if (adapter.made) destroy(client);
          },
        },
        events,
        client.isReady,
      ),
    async node() {
      await connect();
      return nodeOf(await onMaster(client, (master) => Promise.resolve(master)));
    },
  };
}

/** It sends again what fails when a connection is lost, writes included; what does not fail, it leaves. */
async function callMaster(client: NodeRedisSentinel, args: WireArguments, route: Route): Promise<unknown> {
  const options = commandOptions(route);
  const end = await onMaster(client, (master) =>
    master.sendCommand(args, options).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
  );
  if ('error' in end) throw end.error;
  return end.value;
}
