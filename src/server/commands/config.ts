// CONFIG: reading and changing settings, resetting counters, writing the configuration file.

import { ConfigError, configOf } from '../config/config.ts';
import { rewriteConfigFile } from '../config/file.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import { resetStatistics } from '../introspection/statistics.ts';
import { isLoopbackClient } from '../net/refusal.ts';
import { helpHandler } from './help.ts';

export const configHandlers = {
  'config|get': get,
  'config|set': set,
  'config|resetstat': resetstat,
  'config|rewrite': rewrite,
  'config|help': helpHandler('config'),
} satisfies Handlers;

function get(call: Call): void {
  const found = configOf(call.server).match(call.args(2));
  call.reply.map(found.size);
  for (const [name, value] of found) {
    call.reply.bulk(name);
    call.reply.bulk(value);
  }
}

function set(call: Call): void {
  if (call.argc % 2 !== 0) throw SYNTAX_ERROR;
  const pairs: [string, string][] = [];
  for (let i = 2; i < call.argc; i += 2) pairs.push([call.arg(i), call.arg(i + 1)]);
  try {
    configOf(call.server).set(pairs, (parameter) => parameter.protected !== true || mayProtected(call));
  } catch (error) {
    throw error instanceof ConfigError ? describe(error) : error;
  }
  call.reply.ok();
}

function mayProtected({ server, client }: Call): boolean {
  const allowed = server.settings.enableProtectedConfigs;
  return allowed === 'yes' || (allowed === 'local' && isLoopbackClient(client));
}

function describe({ parameter, reason }: ConfigError): CommandError {
  return new CommandError(
    reason === undefined
      ? `ERR Unknown option or number of arguments for CONFIG SET - '${parameter}'`
      : `ERR CONFIG SET failed (possibly related to argument '${parameter}') - ${reason}`,
  );
}

function resetstat(call: Call): void {
  resetStatistics(call.server);
  call.reply.ok();
}

function rewrite(call: Call): void {
  rewriteConfig(call, false);
  call.server.log('CONFIG REWRITE executed with success.');
  call.reply.ok();
}

/** DEBUG has all parameters written. */
export function rewriteConfig({ server }: Call, all: boolean): void {
  const config = configOf(server);
  if (config.file === undefined) throw new CommandError('ERR The server is running without a config file');
  try {
    rewriteConfigFile(config, all);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    server.log(`CONFIG REWRITE failed: ${reason}`);
    throw new CommandError(`ERR Rewriting config file: ${reason}`);
  }
}
