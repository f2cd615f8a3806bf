// What reading and claiming do to a group, as commands that do the same anywhere.

import type { ConsumerGroup, Pending } from '../values/stream-group.ts';
import { idText } from '../values/stream-id.ts';

/** `id` as the client wrote it. */
export function claimCommand(key: string, group: ConsumerGroup, id: string, pending: Pending): string[] {
  const { consumer, deliveredAt, deliveries } = pending;
  const state = ['TIME', String(deliveredAt), 'RETRYCOUNT', String(deliveries)];
  const last = ['LASTID', idText(group.lastId)];
  return ['XCLAIM', key, group.name, consumer.name, '0', id, ...state, 'FORCE', 'JUSTID', ...last];
}

export function groupIdCommand(key: string, group: ConsumerGroup): string[] {
  return ['XGROUP', 'SETID', key, group.name, idText(group.lastId), 'ENTRIESREAD', String(group.entriesRead)];
}

export function createConsumerCommand(key: string, group: ConsumerGroup, consumer: string): string[] {
  return ['XGROUP', 'CREATECONSUMER', key, group.name, consumer];
}
