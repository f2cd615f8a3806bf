// All handlers, by full command name. A group is added by one line here.

import type { Handlers } from '../dispatch/registry.ts';
import { bitHandlers } from './bits.ts';
import { bitfieldHandlers } from './bitfield.ts';
import { clientHandlers } from './client.ts';
import { connectionHandlers } from './connection.ts';
import { counterHandlers } from './counter.ts';
import { dumpHandlers } from './dump.ts';
import { expireHandlers } from './expire.ts';
import { flushHandlers } from './flush.ts';
import { functionHandlers } from './functions.ts';
import { genericHandlers } from './generic.ts';
import { geoHandlers } from './geo.ts';
import { geoSearchHandlers } from './geo-search.ts';
import { hashHandlers } from './hash.ts';
import { hashExpireHandlers } from './hash-expire.ts';
import { hashRandomHandlers } from './hash-random.ts';
import { hyperloglogHandlers } from './hyperloglog.ts';
import { lcsHandlers } from './lcs.ts';
import { listHandlers } from './list.ts';
import { listMoveHandlers } from './list-move.ts';
import { migrateHandlers } from './migrate.ts';
import { objectHandlers } from './object.ts';
import { rangeHandlers } from './range.ts';
import { scanHandlers } from './scan.ts';
import { scriptingHandlers } from './scripting.ts';
import { setHandlers } from './set.ts';
import { setAlgebraHandlers } from './set-algebra.ts';
import { setRandomHandlers } from './set-random.ts';
import { sortHandlers } from './sort.ts';
import { sortedSetHandlers } from './sorted-set.ts';
import { sortedSetAlgebraHandlers } from './sorted-set-algebra.ts';
import { sortedSetPopHandlers } from './sorted-set-pop.ts';
import { sortedSetRangeHandlers } from './sorted-set-range.ts';
import { streamHandlers } from './stream.ts';
import { streamClaimHandlers } from './stream-claim.ts';
import { streamGroupHandlers } from './stream-group.ts';
import { streamInfoHandlers } from './stream-info.ts';
import { streamReadHandlers } from './stream-read.ts';
import { stringHandlers } from './string.ts';
import { trackingHandlers } from './tracking.ts';
import { transactionHandlers } from './transactions.ts';
import { waitHandlers } from './wait.ts';
import { aclHandlers } from './acl.ts';
import { clusterHandlers } from './cluster.ts';
import { commandHandlers } from './command.ts';
import { configHandlers } from './config.ts';
import { debugHandlers } from './debug.ts';
import { introspectionHandlers } from './introspection.ts';
import { moduleHandlers } from './module.ts';
import { pubsubHandlers } from './pubsub.ts';
import { replicationHandlers } from './replication.ts';
import { savingHandlers } from './saving.ts';
import { slowlogHandlers } from './slowlog.ts';

export const handlers: Handlers = {
  ...aclHandlers,
  ...clusterHandlers,
  ...commandHandlers,
  ...configHandlers,
  ...debugHandlers,
  ...introspectionHandlers,
  ...moduleHandlers,
  ...pubsubHandlers,
  ...replicationHandlers,
  ...savingHandlers,
  ...slowlogHandlers,
  ...bitHandlers,
  ...bitfieldHandlers,
  ...clientHandlers,
  ...connectionHandlers,
  ...counterHandlers,
  ...dumpHandlers,
  ...expireHandlers,
  ...flushHandlers,
  ...functionHandlers,
  ...genericHandlers,
  ...geoHandlers,
  ...geoSearchHandlers,
  ...hashHandlers,
  ...hashExpireHandlers,
  ...hashRandomHandlers,
  ...hyperloglogHandlers,
  ...lcsHandlers,
  ...listHandlers,
  ...listMoveHandlers,
  ...migrateHandlers,
  ...objectHandlers,
  ...rangeHandlers,
  ...scanHandlers,
  ...scriptingHandlers,
  ...setHandlers,
  ...setAlgebraHandlers,
  ...setRandomHandlers,
  ...sortHandlers,
  ...sortedSetHandlers,
  ...sortedSetAlgebraHandlers,
  ...sortedSetPopHandlers,
  ...sortedSetRangeHandlers,
  ...streamHandlers,
  ...streamClaimHandlers,
  ...streamGroupHandlers,
  ...streamInfoHandlers,
  ...streamReadHandlers,
  ...stringHandlers,
  ...trackingHandlers,
  ...transactionHandlers,
  ...waitHandlers,
};
