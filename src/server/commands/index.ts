// All handlers, by full command name. A group is added by one line here.

import type { Handlers } from '../dispatch/registry.ts';
import { connectionHandlers } from './connection.ts';
import { counterHandlers } from './counter.ts';
import { flushHandlers } from './flush.ts';
import { stringHandlers } from './string.ts';

export const handlers: Handlers = {
  ...connectionHandlers,
  ...counterHandlers,
  ...flushHandlers,
  ...stringHandlers,
};
