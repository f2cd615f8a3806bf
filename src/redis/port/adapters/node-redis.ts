/** The port over a client of node-redis' createClient. */
import type { Driver, LinkEvents, ServerNode } from '../driver.ts';
import { closingWith } from './closing.ts';
import { warnOf } from '../warn.ts';
import type { Concern } from '../warn.ts';
import type { AdapterOptions } from './adapter-options.ts';
import { addressOf, nodeRedisLink, nodeRedisSubscriber, ownOptions } from './node-redis-link.ts';
import { versionOf } from './node-redis-shapes.ts';
import type { NodeRedisClient } from './node-redis-shapes.ts';

export function nodeRedisDriver(client: NodeRedisClient, adapter: AdapterOptions): Driver {
  const name = `node-redis ${versionOf(client)}`;
  const concerns = client.options?.disableOfflineQueue === true ? [] : [OFFLINE_QUEUE];
  const shares = adapter.made || adapter.connection === 'shared' || (adapter.connection === 'auto' && !concerns.length);
  const outcome = shares
    ? 'As the port shares its connection, this stays in force:'
    : 'The port therefore opens a connection of its own; to share yours:';
  if (adapter.connection !== 'own') warnOf(adapter.warn, name, outcome, concerns);
  guardErrors(client);

  return {
    name,
    cluster: false,
    main(events: LinkEvents) {
      if (shares) return nodeRedisLink(client, events, adapter.made);
      const main = client.duplicate(ownOptions(client.options));
      const link = nodeRedisLink(main, events, true);
      // Whoever ends the client expects the process to be free to end, too.
      const end = (): void => {
        link.close();
        events.closed(new Error('the client was closed'));
      };
      client.on('end', end);
      if (client.isOpen) link.open();
      return closingWith(link, () => client.off('end', end));
    },
    node: () => Promise.resolve(nodeOf(client)),
  };
}

/** The server of a client, to which its duplicates connect. */
export function nodeOf(client: NodeRedisClient): ServerNode {
  return {
    id: addressOf(client),
    connect: (events, reconnect) =>
      nodeRedisLink(client.duplicate(ownOptions(client.options, reconnect)), events, true),
    subscriber: (events) => nodeRedisSubscriber(client.duplicate(ownOptions(client.options, false)), events),
  };
}

/** Without a listener, an error of a connection ends the process. */
export function guardErrors(client: Pick<NodeRedisClient, 'on' | 'listenerCount'>): void {
  if (client.listenerCount('error') === 0) client.on('error', () => {});
}

const OFFLINE_QUEUE: Concern = {
  option: 'disableOfflineQueue',
  effect: 'commands wait without bound for a connection, and are sent long after their caller has given up.',
  wayOut: 'Set it to true.',
};
