// Scripts: EVAL, EVALSHA, EVAL_RO, EVALSHA_RO, SCRIPT.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { fail, SYNTAX_ERROR } from '../errors.ts';
import { keyCount, scriptingOf } from '../scripting/engine.ts';
import { helpHandler } from './help.ts';

export const scriptingHandlers = {
  eval: (call) => runText(call, false),
  eval_ro: (call) => runText(call, true),
  evalsha: (call) => runCached(call, false),
  evalsha_ro: (call) => runCached(call, true),
  'script|debug': debug,
  'script|exists': exists,
  'script|flush': flush,
  'script|help': helpHandler('script'),
  'script|kill': (call) => scriptingOf(call.server).watchdog.kill(call, 'script'),
  'script|load': load,
} satisfies Handlers;

function runText(call: Call, readonly: boolean): void {
  keyCount(call);
  const scripting = scriptingOf(call.server);
  scripting.run(call, scripting.script(call.arg(1)), readonly);
}

function runCached(call: Call, readonly: boolean): void {
  const scripting = scriptingOf(call.server);
  const sha = call.arg(1);
  const script = scripting.scripts.get(sha) ?? scripting.scripts.get(sha.toLowerCase());
  if (script === undefined) return fail('NOSCRIPT No matching script. Please use EVAL.');
  scripting.run(call, script, readonly);
}

function load(call: Call): void {
  call.reply.bulk(scriptingOf(call.server).script(call.arg(2)).sha);
}

function exists(call: Call): void {
  const { scripts } = scriptingOf(call.server);
  call.reply.array(call.argc - 2);
  for (let i = 2; i < call.argc; i++) call.reply.integer(scripts.has(call.word(i)) ? 1 : 0);
}

function flush(call: Call): void {
  if (call.argc > 3 || (call.argc === 3 && !call.is(2, 'async') && !call.is(2, 'sync'))) {
    return fail('ERR SCRIPT FLUSH only support SYNC|ASYNC option');
  }
  scriptingOf(call.server).flush();
  call.reply.ok();
}

function debug(call: Call): void {
  if (!call.is(2, 'no') && !call.is(2, 'yes') && !call.is(2, 'sync')) {
    return fail('ERR Use SCRIPT DEBUG YES/SYNC/NO');
  }
  if (!call.is(2, 'no')) throw SYNTAX_ERROR;
  call.reply.ok();
}
