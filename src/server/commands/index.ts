// All handlers, by full command name. A group is added by one line here.

import type { Handlers } from '../dispatch/registry.ts';
import { bitHandlers } from './bits.ts';
import { bitfieldHandlers } from './bitfield.ts';
import { clientHandlers } from './client.ts';
import { connectionHandlers } from './connection.ts';
import { counterHandlers } from './counter.ts';
import { expireHandlers } from './expire.ts';
import { flushHandlers } from './flush.ts';
import { genericHandlers } from './generic.ts';
import { lcsHandlers } from './lcs.ts';
import { objectHandlers } from './object.ts';
import { rangeHandlers } from './range.ts';
import { scanHandlers } from './scan.ts';
import { sortHandlers } from './sort.ts';
import { stringHandlers } from './string.ts';
import { transactionHandlers } from './transactions.ts';
import { waitHandlers } from './wait.ts';

export const handlers: Handlers = {
  ...bitHandlers,
  ...bitfieldHandlers,
  ...clientHandlers,
  ...connectionHandlers,
  ...counterHandlers,
  ...expireHandlers,
  ...flushHandlers,
  ...genericHandlers,
  ...lcsHandlers,
  ...objectHandlers,
  ...rangeHandlers,
  ...scanHandlers,
  ...sortHandlers,
  ...stringHandlers,
  ...transactionHandlers,
  ...waitHandlers,
};
