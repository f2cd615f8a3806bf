// HELP of every container command, derived from the command table where Redis words its forms as the table does.

import { findCommand } from '../../redis/commands/index.ts';
import type { CommandArgument } from '../../redis/commands/index.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handler } from '../dispatch/registry.ts';
import { CommandError } from '../errors.ts';

/** Forms as Redis' own HELP spells them, where its names and signs are not those of COMMAND DOCS. */
const FORMS: Readonly<Record<string, string>> = {
  'acl|cat': '[<category>]',
  'acl|log': '[<count> | RESET]',
  'acl|setuser': '<username> <attribute> [<attribute> ...]',
  'client|caching': '(YES|NO)',
  'client|kill': '<option> <value> [<option> <value> [...]]',
  'client|list': '[options ...]',
  'client|no-evict': '(ON|OFF)',
  'client|reply': '(ON|OFF|SKIP)',
  'client|setname': '<name>',
  'client|tracking': '(ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]',
  'client|unblock': '<clientid> [TIMEOUT|ERROR]',
  'cluster|addslotsrange': '<start slot> <end slot> [<start slot> <end slot> ...]',
  'cluster|delslotsrange': '<start slot> <end slot> [<start slot> <end slot> ...]',
  'cluster|meet': '<ip> <port> [<bus-port>]',
  'cluster|set-config-epoch': '<epoch>',
  'cluster|setslot': '<slot> (IMPORTING <node-id>|MIGRATING <node-id>|STABLE|NODE <node-id>)',
  'command|getkeys': '<full-command>',
  'command|getkeysandflags': '<full-command>',
  'command|list': '',
  'config|get': '<pattern>',
  'config|set': '<directive> <value>',
  'function|delete': '<LIBRARY NAME>',
  'function|list': '[LIBRARYNAME PATTERN] [WITHCODE]',
  'function|load': '[REPLACE] <FUNCTION CODE>',
  'function|restore': '<PAYLOAD> [FLUSH|APPEND|REPLACE]',
  'latency|histogram': '[COMMAND ...]',
  'module|loadex': '<path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]',
  'script|debug': '(YES|SYNC|NO)',
  'xgroup|create': '<key> <groupname> <id|$> [option]',
  'xgroup|createconsumer': '<key> <groupname> <consumer>',
  'xgroup|delconsumer': '<key> <groupname> <consumer>',
  'xgroup|setid': '<key> <groupname> <id|$> [ENTRIESREAD entries_read]',
  'xinfo|stream': '<key> [FULL [COUNT <count>]',
};

/** HELP comes last; the old name is kept quiet. */
const UNNAMED: ReadonlySet<string> = new Set(['help', 'slaves']);

/** Forms that are no sub-command's, and come first. */
const OTHER_FORMS: Readonly<Record<string, readonly (readonly [form: string, summary: string])[]>> = {
  client: [['KILL <ip:port>', 'Close the connection from this address.']],
  command: [['(no subcommand)', 'Describe every command.']],
};

/** Answers with one line for each sub-command and one for what it does. */
export function helpHandler(container: string): Handler {
  return (call) => {
    const row = findCommand(container)!;
    const lines = [`${container.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
    for (const [form, summary] of OTHER_FORMS[container] ?? []) lines.push(form, `    ${summary}`);
    for (const sub of row.subcommands) {
      if (UNNAMED.has(sub.name)) continue;
      const form = FORMS[`${container}|${sub.name}`] ?? sub.arguments.map(synopsis).join(' ');
      lines.push(`${sub.name.toUpperCase()} ${form}`.trimEnd());
      lines.push(`    ${sub.summary}`);
    }
    lines.push('HELP', '    Print this help.');
    call.reply.array(lines.length);
    for (const line of lines) call.reply.simple(line);
  };
}

/** For a sub-command whose arity is open but whose arguments do not fit. */
export function subcommandSyntaxError(call: Call): CommandError {
  const container = call.arg(0).toUpperCase();
  return new CommandError(
    `ERR unknown subcommand or wrong number of arguments for '${call.arg(1).slice(0, 128)}'. Try ${container} HELP.`,
  );
}

function synopsis(argument: CommandArgument): string {
  const inner = (argument.arguments ?? []).map(synopsis);
  let text = argument.token === undefined || argument.token === '' ? '' : argument.token;
  if (argument.type === 'oneof') text += `${text === '' ? '' : ' '}${inner.join('|')}`;
  else if (argument.type === 'block') text += `${text === '' ? '' : ' '}${inner.join(' ')}`;
  else if (argument.type !== 'pure-token') text += `${text === '' ? '' : ' '}<${argument.name}>`;
  if (argument.multiple !== true) return argument.optional === true ? `[${text}]` : text;
  return argument.optional === true ? `[${text} ...]` : `${text} [${text} ...]`;
}
