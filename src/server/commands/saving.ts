// Saving and stopping: SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF, SHUTDOWN.

import { configOf } from '../config/config.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import { savingOf } from '../persistence/saving.ts';

export const savingHandlers = {
  save,
  bgsave,
  bgrewriteaof,
  lastsave: (call) => call.reply.integer(Math.floor(savingOf(call.server).lastSave / 1000)),
  shutdown,
} satisfies Handlers;

function save(call: Call): void {
  if (!trySave(call)) throw new CommandError('ERR');
  call.reply.ok();
}

function bgsave(call: Call): void {
  if (call.argc > 2 || (call.argc === 2 && !call.is(1, 'schedule'))) throw SYNTAX_ERROR;
  if (!trySave(call)) throw new CommandError('ERR');
  savingOf(call.server).lastDuration = 0;
  call.reply.simple('Background saving started');
}

function bgrewriteaof(call: Call): void {
  savingOf(call.server).rewrites++;
  call.reply.simple('Background append only file rewriting started');
}

function trySave({ server }: Call): boolean {
  try {
    savingOf(server).save();
    return true;
  } catch (error) {
    server.log(`saving failed: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

const OPTIONS = new Set(['nosave', 'save', 'now', 'force', 'abort']);

function shutdown(call: Call): void {
  const { server } = call;
  const options = call.args(1).map((option) => option.toLowerCase());
  const chosen = new Set(options);
  if (options.some((option) => !OPTIONS.has(option))) throw SYNTAX_ERROR;
  if (chosen.has('save') && chosen.has('nosave')) throw SYNTAX_ERROR;
  if (chosen.has('abort') && chosen.size > 1) throw SYNTAX_ERROR;
  // Nothing here takes long enough to be aborted.
  if (chosen.has('abort')) throw new CommandError('ERR No shutdown in progress.');
  const wanted = chosen.has('save') || (!chosen.has('nosave') && configOf(server).text('save') !== '');
  if (wanted && !trySave(call) && !chosen.has('force')) {
    throw new CommandError('ERR Errors trying to SHUTDOWN. Check logs.');
  }
  server.log('User requested shutdown...');
  if (server.onShutdown !== undefined) server.onShutdown(options);
  else server.stop();
}
