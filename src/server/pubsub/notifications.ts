// Keyspace notifications: events of keys as messages, on a channel per key and on one per event.

import { NOTIFY_KEYEVENT, NOTIFY_KEYSPACE, parseEventClasses } from '../config/event-classes.ts';
import { configOf } from '../config/config.ts';
import type { Server } from '../server.ts';

/** Publish the events that `notify-keyspace-events` asks for, from now on; listens to nothing while it is empty. */
export function startNotifications(server: Server): void {
  let stop: (() => void) | undefined;
  const update = (): void => {
    stop?.();
    stop = listen(server, parseEventClasses(server.settings.notifyKeyspaceEvents));
  };
  configOf(server).onChange('notify-keyspace-events', update);
  update();
}

function listen(server: Server, classes: number): (() => void) | undefined {
  if ((classes & (NOTIFY_KEYSPACE | NOTIFY_KEYEVENT)) === 0) return undefined;
  const { channels } = server;
  return server.keyspace.effects.add({
    event(db, kind, name, key) {
      if ((classes & kind) === 0) return;
      if ((classes & NOTIFY_KEYSPACE) !== 0) channels.publish(`__keyspace@${db}__:${key}`, name);
      if ((classes & NOTIFY_KEYEVENT) !== 0) channels.publish(`__keyevent@${db}__:${name}`, key);
    },
  });
}
