// What a server tells its replicas about itself: the id of its history and how far that goes.

import type { Server } from '../server.ts';
import { randomId } from '../util/random.ts';

const KEY = Symbol('replication identity');
const NOBODY = '0'.repeat(40);

export class ReplicationIdentity {
  readonly server: Server;
  id: string;
  /** The history that this one goes on from, up to `secondOffset`. */
  previousId = NOBODY;
  /** Bytes of the stream so far. */
  offset = 0;
  secondOffset = -1;
  /** The database that a master's stream had selected where we left it. */
  streamDb = 0;

  constructor(server: Server) {
    this.server = server;
    this.id = randomId(server.random);
  }

  /** Begin a new history. */
  renew(): void {
    this.id = randomId(this.server.random);
    this.previousId = NOBODY;
    this.secondOffset = -1;
  }

  /** Go on under a new id: those who followed the old one until here may follow this one. */
  continueAs(id = randomId(this.server.random)): void {
    this.previousId = this.id;
    this.secondOffset = this.offset + 1;
    this.id = id;
  }

  /** Take over a history from its holder. */
  adopt(id: string, offset: number): void {
    this.renew();
    this.id = id;
    this.offset = offset;
  }

  /** May whoever has `offset` bytes less one of history `id` go on with ours? */
  includes(id: string, offset: number): boolean {
    return id === this.id || (id === this.previousId && offset <= this.secondOffset);
  }
}

export function identityOf(server: Server): ReplicationIdentity {
  let identity = server.extras.get(KEY) as ReplicationIdentity | undefined;
  if (identity === undefined) server.extras.set(KEY, (identity = new ReplicationIdentity(server)));
  return identity;
}
