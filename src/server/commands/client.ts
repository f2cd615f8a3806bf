// CLIENT: who is connected, under what name, and what to do about it.

import { GATE_NO_TOUCH, GATE_SILENT } from '../client.ts';
import type { Client } from '../client.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, printed, SYNTAX_ERROR } from '../errors.ts';
import { masterOf } from '../replication/role.ts';
import type { Server } from '../server.ts';
import { parseInt64, parseSafeInteger } from '../util/numbers.ts';
import { describeClient, typeOf } from './client-info.ts';
import { checkName } from './connection.ts';
import { helpHandler, subcommandSyntaxError } from './help.ts';

export const clientHandlers = {
  'client|id': (call) => call.reply.integer(call.client.id),
  'client|getname': getname,
  'client|setname': setname,
  'client|info': (call) => call.reply.verbatim('txt', `${describeClient(call.client, call)}\n`),
  'client|list': list,
  'client|kill': kill,
  'client|reply': reply,
  'client|no-evict': noEvict,
  'client|no-touch': noTouch,
  'client|setinfo': setinfo,
  'client|unblock': unblock,
  'client|pause': pause,
  'client|unpause': unpause,
  'client|help': helpHandler('client'),
} satisfies Handlers;

function getname(call: Call): void {
  if (call.client.name === '') call.reply.null();
  else call.reply.bulk(call.client.name);
}

function setname(call: Call): void {
  const name = call.arg(2);
  checkName(name);
  call.client.name = name;
  call.reply.ok();
}

const CLIENT_TYPES = new Set(['normal', 'master', 'replica', 'slave', 'pubsub']);

function list(call: Call): void {
  let chosen = [...call.server.clients.values()];
  if (call.argc === 4 && call.is(2, 'type')) {
    const type = clientType(call, 3);
    chosen = chosen.filter((client) => typeOf(client) === type);
  } else if (call.argc > 3 && call.is(2, 'id')) {
    const ids = call.args(3).map((text) => {
      const id = parseSafeInteger(text);
      if (id === undefined || id <= 0) throw new CommandError('ERR Invalid client ID');
      return id;
    });
    chosen = ids.flatMap((id) => call.server.clients.get(id) ?? []);
  } else if (call.argc !== 2) {
    throw SYNTAX_ERROR;
  }
  call.reply.verbatim('txt', chosen.map((client) => `${describeClient(client, call)}\n`).join(''));
}

function clientType(call: Call, i: number): string {
  const type = call.word(i);
  if (!CLIENT_TYPES.has(type)) throw new CommandError(`ERR Unknown client type '${call.arg(i)}'`);
  return type === 'slave' ? 'replica' : type;
}

interface KillFilter {
  id?: number;
  addr?: string;
  laddr?: string;
  type?: string;
  user?: string;
  skipMe: boolean;
}

function kill(call: Call): void {
  const { server, client } = call;
  const old = call.argc === 3;
  const filter = old ? { addr: call.arg(2), skipMe: false } : parseKill(call);
  let count = killMaster(call, filter) ? 1 : 0;
  for (const victim of server.clients.values()) {
    if ((filter.skipMe && victim === client) || !matches(victim, filter)) continue;
    count++;
    if (victim === client) client.closing = true;
    else victim.transport?.destroy();
  }
  if (!old) return call.reply.integer(count);
  if (count === 0) throw new CommandError('ERR No such client');
  call.reply.ok();
}

function parseKill(call: Call): KillFilter {
  const filter: KillFilter = { skipMe: true };
  for (let i = 2; i < call.argc; i += 2) {
    if (i + 1 >= call.argc) throw SYNTAX_ERROR;
    const value = call.arg(i + 1);
    if (call.is(i, 'id')) {
      const id = parseInt64(value);
      if (id === undefined || id < 1n) throw new CommandError('ERR client-id should be greater than 0');
      filter.id = Number(id);
    } else if (call.is(i, 'type')) filter.type = clientType(call, i + 1);
    else if (call.is(i, 'addr')) filter.addr = value;
    else if (call.is(i, 'laddr')) filter.laddr = value;
    else if (call.is(i, 'user')) filter.user = knownUser(call.server, value);
    else if (call.is(i, 'skipme') && (call.is(i + 1, 'yes') || call.is(i + 1, 'no')))
      filter.skipMe = call.is(i + 1, 'yes');
    else throw SYNTAX_ERROR;
  }
  return filter;
}

function knownUser(server: Server, name: string): string {
  if (!server.access.users.has(name)) {
    throw new CommandError(`ERR No such user '${name}'`);
  }
  return name;
}

/** The link to a master is no client of ours, but may be cut like one: it comes back. */
function killMaster({ server }: Call, { addr, type, id, laddr, user }: KillFilter): boolean {
  const link = masterOf(server);
  if (link?.socket === undefined || id !== undefined || laddr !== undefined || user !== undefined) return false;
  const isMeant = addr === undefined ? type === 'master' : addr === `${link.host}:${link.port}`;
  if (isMeant) link.drop();
  return isMeant;
}

function matches(client: Client, filter: KillFilter): boolean {
  return (
    (filter.id === undefined || client.id === filter.id) &&
    (filter.addr === undefined || client.transport?.remote === filter.addr) &&
    (filter.laddr === undefined || client.transport?.local === filter.laddr) &&
    (filter.type === undefined || typeOf(client) === filter.type) &&
    (filter.user === undefined || client.user === filter.user)
  );
}

function reply(call: Call): void {
  const { client } = call;
  if (call.is(2, 'on')) {
    client.silence = 'on';
    client.setGate(GATE_SILENT, false);
    call.reply.ok();
  } else if (call.is(2, 'off')) {
    client.silence = 'off';
    client.setGate(GATE_SILENT, true);
  } else if (call.is(2, 'skip')) {
    if (client.silence !== 'off') client.silence = 'skip';
    client.setGate(GATE_SILENT, true);
  } else {
    throw SYNTAX_ERROR;
  }
}

function noEvict(call: Call): void {
  call.client.noEvict = onOff(call, 2);
  call.reply.ok();
}

function noTouch(call: Call): void {
  call.client.noTouch = onOff(call, 2);
  call.client.setGate(GATE_NO_TOUCH, call.client.noTouch);
  call.reply.ok();
}

function setinfo(call: Call): void {
  const { client } = call;
  const value = call.arg(3);
  const option = call.word(2);
  if (option !== 'lib-name' && option !== 'lib-ver') {
    throw new CommandError(`ERR Unrecognized option '${printed(call.arg(2))}'`);
  }
  if (!/^[!-~]*$/.test(value)) {
    throw new CommandError(`ERR ${option} cannot contain spaces, newlines or special characters.`);
  }
  if (option === 'lib-name') client.libName = value;
  else client.libVersion = value;
  call.reply.ok();
}

function onOff(call: Call, i: number): boolean {
  if (call.is(i, 'on')) return true;
  if (call.is(i, 'off')) return false;
  throw SYNTAX_ERROR;
}

function unblock(call: Call): void {
  const { server } = call;
  if (call.argc > 4) throw subcommandSyntaxError(call);
  const withError = call.argc === 4 && call.is(3, 'error');
  if (call.argc === 4 && !withError && !call.is(3, 'timeout')) {
    throw new CommandError('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
  }
  const target = server.clients.get(call.integer(2));
  const done =
    target !== undefined &&
    (withError
      ? server.blocking.fail(target, new CommandError('UNBLOCKED client unblocked via CLIENT UNBLOCK'))
      : server.blocking.unblock(target));
  call.reply.integer(done ? 1 : 0);
}

function pause(call: Call): void {
  if (call.argc > 4) throw subcommandSyntaxError(call);
  const all = call.argc === 3 || call.is(3, 'all');
  if (!all && !call.is(3, 'write')) throw new CommandError('ERR CLIENT PAUSE mode must be WRITE or ALL');
  const wait = parseInt64(call.arg(2));
  if (wait === undefined) throw new CommandError('ERR timeout is not an integer or out of range');
  if (wait < 0n) throw new CommandError('ERR timeout is negative');
  call.server.pause.start(call.server.clock.now() + Number(wait), all);
  call.reply.ok();
}

function unpause(call: Call): void {
  call.server.pause.end();
  call.reply.ok();
}
