/** The port over an ioredis client, sentinels included. */
import type { Driver, LinkEvents, ServerNode } from '../driver.ts';
import { closingWith } from './closing.ts';
import { warnOf } from '../warn.ts';
import type { Concern } from '../warn.ts';
import type { AdapterOptions } from './adapter-options.ts';
import { OWN_OPTIONS, addressOf, ioredisLink, ioredisSubscriber } from './ioredis-link.ts';
import { versionOf } from './ioredis-shapes.ts';
import type { IoredisClient, IoredisOptions } from './ioredis-shapes.ts';

export function ioredisDriver(client: IoredisClient, adapter: AdapterOptions): Driver {
  const name = `ioredis ${versionOf(client.options)}`;
  const concerns = concernsOf(client.options);
  const shares = adapter.made || adapter.connection === 'shared' || (adapter.connection === 'auto' && !concerns.length);
  const outcome = shares ? SHARED : 'The port therefore opens a connection of its own; to share yours:';
  if (adapter.connection !== 'own')
    warnOf(adapter.warn, name, outcome, shares ? [...concerns, ...timeoutConcern(client.options)] : concerns);
  if (client.listenerCount('error') === 0) client.on('error', () => {});

  const duplicate = (options: object = {}): IoredisClient => client.duplicate({ ...OWN_OPTIONS, ...options });
  const node: ServerNode = {
    id: addressOf(client),
    connect: (events, reconnect) => ioredisLink(duplicate(reconnect ? {} : { retryStrategy: null }), events, true),
    subscriber: (events) => ioredisSubscriber(duplicate({ retryStrategy: null }), events),
  };
  return {
    name,
    cluster: false,
    main(events: LinkEvents) {
      if (shares) return ioredisLink(client, events, adapter.made);
      const main = duplicate();
      const link = ioredisLink(main, events, true);
      // Whoever ends the client expects the process to be free to end, too.
      const end = (): void => main.disconnect();
      client.on('end', end);
      if (client.status !== 'wait') link.open();
      return closingWith(link, () => client.off('end', end));
    },
    node: () => Promise.resolve(node),
  };
}

const SHARED = 'As the port shares its connection, these stay in force:';

function concernsOf(options: IoredisOptions): Concern[] {
  const concerns: Concern[] = [];
  if (options['autoResendUnfulfilledCommands'] !== false) {
    concerns.push({
      option: 'autoResendUnfulfilledCommands',
      effect: 'after a reconnect ioredis sends commands again that may have been carried out, writes included.',
      wayOut: 'Set it to false.',
    });
  }
  if (options['enableOfflineQueue'] !== false) {
    concerns.push({
      option: 'enableOfflineQueue',
      effect: 'commands wait without bound for a connection, and are sent long after their caller has given up.',
      wayOut: 'Set it to false.',
    });
  }
  if (options['keyPrefix']) {
    concerns.push({
      option: 'keyPrefix',
      effect: 'keys that scripts, streams and invalidations name would not fit those that were sent.',
      wayOut: 'Leave it out, and use the prefix options of this package.',
    });
  }
  if (options['stringNumbers'] || options['replyMapping'] === 'resp3') {
    concerns.push({
      option: options['stringNumbers'] ? 'stringNumbers' : 'replyMapping',
      effect: 'it changes the shape of replies.',
      wayOut: 'Leave it out.',
    });
  }
  return concerns;
}

function timeoutConcern(options: IoredisOptions): Concern[] {
  if (typeof options['commandTimeout'] === 'number') return [];
  const effect = 'without it, calls of your own wait for a frozen server for ever, and hold up the port’s.';
  return [{ option: 'commandTimeout', effect, wayOut: 'Set it, such as to 5000 (milliseconds).' }];
}
