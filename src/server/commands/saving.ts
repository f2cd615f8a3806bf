// Saving and stopping: SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF, SHUTDOWN.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, fail, SYNTAX_ERROR } from '../errors.ts';
import { messageOf, savingOf } from '../persistence/saving.ts';
import { SHUTDOWN_FAILED, shutdownOf } from '../persistence/shutdown.ts';

export const savingHandlers = {
  save,
  bgsave,
  bgrewriteaof,
  lastsave: (call) => call.reply.integer(Math.floor(savingOf(call.server).lastSave / 1000)),
  shutdown: stop,
} satisfies Handlers;

const IN_PROGRESS = new CommandError('ERR Background save already in progress');

function save(call: Call): void {
  if (savingOf(call.server).saveWork !== undefined) throw IN_PROGRESS;
  if (!trySave(call)) throw new CommandError('ERR');
  call.reply.ok();
}

function bgsave(call: Call): void {
  if (call.argc > 2 || (call.argc === 2 && !call.is(1, 'schedule'))) throw SYNTAX_ERROR;
  const saving = savingOf(call.server);
  if (saving.saveWork !== undefined) throw IN_PROGRESS;
  if (saving.rewriteWork !== undefined) {
    if (call.argc === 1) {
      fail(
        "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.",
      );
    }
    saving.saveScheduled = true;
    return call.reply.simple('Background saving scheduled');
  }
  if (!attempt(call, () => saving.saveInBackground())) throw new CommandError('ERR');
  call.reply.simple('Background saving started');
}

function bgrewriteaof(call: Call): void {
  const saving = savingOf(call.server);
  if (saving.rewriteWork !== undefined) fail('ERR Background append only file rewriting already in progress');
  if (saving.saveWork !== undefined) {
    saving.rewriteScheduled = true;
    return call.reply.simple('Background append only file rewriting scheduled');
  }
  if (!attempt(call, () => saving.rewriteInBackground())) {
    fail("ERR Can't execute an AOF background rewriting. Please check the server logs for more information.");
  }
  call.reply.simple('Background append only file rewriting started');
}

function trySave(call: Call): boolean {
  return attempt(call, () => savingOf(call.server).save());
}

function attempt({ server }: Call, work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    server.log(`saving failed: ${messageOf(error)}`);
    return false;
  }
}

const OPTIONS = new Set(['nosave', 'save', 'now', 'force', 'abort']);

/** Answered only when nothing comes of it. */
function stop(call: Call): void {
  const { server } = call;
  const options = call.args(1).map((option) => option.toLowerCase());
  const chosen = new Set(options);
  if (options.some((option) => !OPTIONS.has(option))) throw SYNTAX_ERROR;
  if (chosen.has('save') && chosen.has('nosave')) throw SYNTAX_ERROR;
  if (chosen.has('abort') && chosen.size > 1) throw SYNTAX_ERROR;
  if (chosen.has('abort')) {
    if (!shutdownOf(server).abort()) throw new CommandError('ERR No shutdown in progress.');
    return call.reply.ok();
  }
  if (!chosen.has('now') && !call.mayBlock) {
    fail("ERR SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client");
  }
  const shutdown = shutdownOf(server);
  if (!shutdown.begin(chosen)) throw SHUTDOWN_FAILED;
  if (shutdown.waiting === undefined) return;
  shutdown.askers.add(call.client);
  call.block([], 0, () => false, noAnswer);
}

/** Whoever waited for a shutdown that happens hears nothing. */
function noAnswer(): void {}
