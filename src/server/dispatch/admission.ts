// May this command run now? Asked only for clients or servers with something special about them.

import { GATE_ACL, GATE_MULTI, GATE_NO_TOUCH, GATE_SUBSCRIBED, GATE_UNAUTHENTICATED } from '../client.ts';
import { configOf } from '../config/config.ts';
import { CommandError } from '../errors.ts';
import { isLoopbackClient } from '../net/refusal.ts';
import type { Server } from '../server.ts';
import { leaveTransaction } from '../transactions/watches.ts';
import type { Call } from './call.ts';
import type { Command } from './registry.ts';

/**
 * Looks at each command before it runs; returns the error that refuses it, or undefined. A guard that takes
 * the call over (to delay it, say) returns 'taken'. Runs also for commands that MULTI will only queue.
 */
export type Guard = (call: Call) => CommandError | 'taken' | undefined;

const NO_AUTH = new CommandError('NOAUTH Authentication required.');
const NO_MULTI = new CommandError('ERR Command not allowed inside a transaction');
const SUBSCRIBED_COMMANDS = new Set([
  'ping',
  'subscribe',
  'ssubscribe',
  'sunsubscribe',
  'unsubscribe',
  'psubscribe',
  'punsubscribe',
  'quit',
  'reset',
]);
/** What a queued command takes besides its arguments. */
const QUEUED = 256;
const RUN_IN_MULTI = new Set(['exec', 'discard', 'multi', 'watch', 'quit', 'reset']);
const CROSS_PROTOCOL = new Set(['post', 'host:']);

/** True when the command is to run now; otherwise it has been queued, refused or taken over. */
export function admit(server: Server, call: Call): boolean {
  const { client, command } = call;
  const { gate } = client;
  const refusal = command.has('protected') ? protectedRefusal(call) : undefined;
  if (refusal !== undefined) return refuse(server, call, refusal);
  if ((gate & GATE_UNAUTHENTICATED) !== 0 && !command.has('no_auth')) return refuse(server, call, NO_AUTH);
  if ((gate & GATE_MULTI) !== 0 && command.has('no_multi')) return refuse(server, call, NO_MULTI);
  if ((gate & GATE_ACL) !== 0) {
    const denial = server.access.refuse(call);
    if (denial !== undefined) return refuse(server, call, denial);
  }
  for (const guard of server.guards) {
    const verdict = guard(call);
    if (verdict === 'taken') return false;
    if (verdict !== undefined) return refuse(server, call, verdict);
  }
  if ((gate & GATE_SUBSCRIBED) !== 0 && !SUBSCRIBED_COMMANDS.has(command.name)) {
    return refuse(
      server,
      call,
      new CommandError(
        `ERR Can't execute '${command.name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
      ),
    );
  }
  if ((gate & GATE_MULTI) !== 0 && !RUN_IN_MULTI.has(command.name)) {
    const queued = call.freeze();
    client.transaction!.queue.push(queued);
    client.transaction!.bytes += queued.bytes.length + QUEUED;
    call.reply.simple('QUEUED');
    return false;
  }
  if ((gate & GATE_NO_TOUCH) !== 0 && command.name !== 'touch') {
    server.keyspace.quiet = true;
    try {
      server.runGuarded(call);
    } finally {
      server.keyspace.quiet = false;
    }
    return false;
  }
  return true;
}

/** Why DEBUG or MODULE may not be used over this connection; their handlers ask too. */
export function protectedRefusal({ server, client, command }: Call): CommandError | undefined {
  const name = command.name.split('|', 1)[0]!;
  const option = `enable-${name}-command`;
  const allowed = configOf(server).text(option);
  if (allowed === 'yes' || (allowed === 'local' && isLoopbackClient(client))) return undefined;
  return new CommandError(
    `ERR ${name.toUpperCase()} command not allowed. If the ${option} option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.`,
  );
}

/** Answer a command that does not run; inside MULTI this dooms the transaction. */
export function reject(server: Server, call: Call, error: CommandError, command?: Command): void {
  const { client } = call;
  if (CROSS_PROTOCOL.has(call.word(0))) {
    server.log(
      `Possible SECURITY ATTACK detected: ${call.word(0)} sent to the Redis port by ${client.transport?.remote}`,
    );
    client.transport?.destroy();
    return;
  }
  if (command?.name === 'exec') {
    leaveTransaction(client);
    call.reply.error(`EXECABORT Transaction discarded because of: ${error.message.replace(/^ERR /, '')}`);
    return;
  }
  if (client.transaction !== undefined) client.transaction.aborted = true;
  call.reply.error(error.message);
}

function refuse(server: Server, call: Call, error: CommandError): false {
  call.command.rejected++;
  reject(server, call, error, call.command);
  return false;
}

/** Names the command and as many arguments as fit into 128 bytes, as Redis does. */
export function unknownCommand(call: Call): CommandError {
  let list = '';
  for (let i = 1; i < call.argc && list.length < 128; i++) list += `'${quote(call, i, 128 - list.length)}' `;
  return new CommandError(`ERR unknown command '${quote(call, 0, 128)}', with args beginning with: ${list}`);
}

/** An argument's beginning, up to a zero byte as C prints it. */
function quote(call: Call, i: number, length: number): string {
  return call.arg(i).slice(0, length).split('\0', 1)[0]!;
}

export function unknownSubcommand(call: Call, container: Command): CommandError {
  return new CommandError(`ERR unknown subcommand '${quote(call, 1, 128)}'. Try ${container.name.toUpperCase()} HELP.`);
}
