// MODULE, for a server that has none and can load none.

import { protectedRefusal } from '../dispatch/admission.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError } from '../errors.ts';
import { helpHandler } from './help.ts';

export const moduleHandlers = {
  'module|list': (call) => call.reply.array(0),
  'module|load': load,
  'module|loadex': load,
  'module|unload': unload,
  'module|help': helpHandler('module'),
} satisfies Handlers;

function load(call: Call): void {
  throw protectedRefusal(call) ?? new CommandError('ERR Error loading the extension. Please check the server logs.');
}

function unload(call: Call): void {
  throw protectedRefusal(call) ?? new CommandError('ERR Error unloading module: no such module with that name');
}
