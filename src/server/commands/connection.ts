// Connection: greeting, authentication, choice of database, goodbye.

import { clusterOf } from '../cluster/cluster.ts';
import { GATE_MULTI, GATE_NO_TOUCH, GATE_SILENT, GATE_SUBSCRIBED } from '../client.ts';
import { masterOf } from '../replication/role.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError } from '../errors.ts';
import { parseSafeInteger } from '../util/numbers.ts';

export const connectionHandlers = {
  ping,
  echo: (call) => call.reply.bulk(call.arg(1)),
  select,
  hello,
  auth,
  quit,
  reset,
} satisfies Handlers;

const OUT_OF_INT = new CommandError('ERR value is out of range, value must between -2147483648 and 2147483647');
const WRONG_PASSWORD = new CommandError('WRONGPASS invalid username-password pair or user is disabled.');

function ping(call: Call): void {
  const { client, reply } = call;
  if (call.argc > 2) throw new CommandError("ERR wrong number of arguments for 'ping' command");
  if ((client.gate & GATE_SUBSCRIBED) !== 0) return reply.bulks(['pong', call.argc === 2 ? call.arg(1) : '']);
  if (call.argc === 1) return reply.simple('PONG');
  reply.bulk(call.arg(1));
}

function select(call: Call): void {
  const { databases } = call.db.space;
  const id = call.integer(1);
  if (Math.abs(id) > 0x7fff_ffff) throw OUT_OF_INT;
  const db = databases[id];
  if (id !== 0 && clusterOf(call.server) !== undefined) {
    throw new CommandError('ERR SELECT is not allowed in cluster mode');
  }
  if (db === undefined) throw new CommandError('ERR DB index is out of range');
  call.client.db = db;
  call.db = db;
  call.reply.ok();
}

function hello(call: Call): void {
  const { client, server, reply } = call;
  let protocol: 2 | 3 | undefined;
  if (call.argc > 1) {
    const version = parseSafeInteger(call.arg(1));
    if (version === undefined) throw new CommandError('ERR Protocol version is not an integer or out of range');
    if (version !== 2 && version !== 3) throw new CommandError('NOPROTO unsupported protocol version');
    protocol = version;
  }
  for (let i = 2; i < call.argc; i++) {
    if (call.is(i, 'auth') && i + 2 < call.argc) {
      authenticate(call, call.arg(i + 1), call.arg(i + 2));
      i += 2;
    } else if (call.is(i, 'setname') && i + 1 < call.argc) {
      const name = call.arg(++i);
      checkName(name);
      client.name = name;
    } else {
      throw new CommandError(`ERR Syntax error in HELLO option '${call.arg(i)}'`);
    }
  }
  if (!client.authenticated) {
    throw new CommandError(
      'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
    );
  }
  if (protocol !== undefined) client.setProtocol(protocol);
  reply.map(7);
  reply.bulk('server');
  reply.bulk('redis');
  reply.bulk('version');
  reply.bulk(server.settings.version);
  reply.bulk('proto');
  reply.integer(client.resp);
  reply.bulk('id');
  reply.integer(client.id);
  reply.bulk('mode');
  reply.bulk(clusterOf(server) === undefined ? 'standalone' : 'cluster');
  reply.bulk('role');
  reply.bulk(masterOf(server) === undefined ? 'master' : 'replica');
  reply.bulk('modules');
  reply.array(0);
}

function auth(call: Call): void {
  if (call.argc > 3) throw new CommandError('ERR syntax error');
  if (call.argc === 2 && call.server.access.defaultUser.nopass) {
    throw new CommandError(
      'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
    );
  }
  if (call.argc === 2) authenticate(call, 'default', call.arg(1));
  else authenticate(call, call.arg(1), call.arg(2));
  call.reply.ok();
}

function authenticate(call: Call, user: string, password: string): void {
  if (!call.server.access.authenticate(call, user, password)) throw WRONG_PASSWORD;
}

function quit(call: Call): void {
  call.reply.ok();
  call.client.closeAfterReply();
}

function reset(call: Call): void {
  const { client, server } = call;
  client.transaction = undefined;
  server.watches.unwatch(client);
  server.channels.forget(client);
  for (const listener of server.resetListeners) listener(client);
  client.gate &= ~(GATE_MULTI | GATE_SUBSCRIBED | GATE_SILENT | GATE_NO_TOUCH);
  client.silence = 'on';
  client.noTouch = false;
  client.noEvict = false;
  client.name = '';
  client.db = server.keyspace.databases[0]!;
  client.setProtocol(2);
  server.access.enter(client);
  call.reply.simple('RESET');
}

/** Names that could break CLIENT LIST's lines are refused. */
export function checkName(name: string): void {
  if (!/^[!-~]*$/.test(name)) {
    throw new CommandError('ERR Client names cannot contain spaces, newlines or special characters.');
  }
}
