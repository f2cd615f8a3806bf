// What a server tells its replicas about itself: the id of its history and how far that goes.

import type { Server } from '../server.ts';

const KEY = Symbol('replication identity');

export class ReplicationIdentity {
  readonly server: Server;
  id: string;
  previousId = '0'.repeat(40);
  offset = 0;
  secondOffset = -1;

  constructor(server: Server) {
    this.server = server;
    this.id = randomId(server);
  }

  /** Begin a new history. */
  renew(): void {
    this.id = randomId(this.server);
    this.previousId = '0'.repeat(40);
    this.secondOffset = -1;
  }
}

export function identityOf(server: Server): ReplicationIdentity {
  let identity = server.extras.get(KEY) as ReplicationIdentity | undefined;
  if (identity === undefined) server.extras.set(KEY, (identity = new ReplicationIdentity(server)));
  return identity;
}

function randomId({ random }: Server): string {
  return Array.from({ length: 40 }, () => Math.floor(random() * 16).toString(16)).join('');
}
