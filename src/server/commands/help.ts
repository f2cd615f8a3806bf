// HELP of every container command, derived from the command table.

import { findCommand } from '../../redis/commands/index.ts';
import type { CommandArgument } from '../../redis/commands/index.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handler } from '../dispatch/registry.ts';
import { CommandError } from '../errors.ts';

/** Answers with one line for each sub-command and one for what it does. */
export function helpHandler(container: string): Handler {
  return (call) => {
    const row = findCommand(container)!;
    const lines = [`${container.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
    for (const sub of row.subcommands) {
      if (sub.name === 'help') continue;
      lines.push([sub.name.toUpperCase(), ...sub.arguments.map(synopsis)].join(' '));
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
  if (argument.multiple === true) text += ' ...';
  return argument.optional === true ? `[${text}]` : text;
}
