// MIGRATE: keys to another server, and away from here once it has them.
//
// Redis stops for the whole exchange. Here others go on reading, and whoever wants to write waits until it is over. Only
// a transaction or script, which nobody may see in parts, stops the server as well.

import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { encodeByteCommand } from '../../redis/protocol/index.ts';
import { Pause } from '../blocking/pause.ts';
import { clusterOf } from '../cluster/cluster.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import { exchangeNow } from '../net/exchange-now.ts';
import type { Database } from '../keyspace/database.ts';
import { payloadOf } from '../persistence/rdb/payload.ts';
import type { Reply } from '../reply/reply.ts';

export const migrateHandlers = { migrate } satisfies Handlers;

const DEFAULT_TIMEOUT = 1000;
/** Writers that wait are let go after this long at the latest, whatever the other side does. */
const LONGEST_HOLD = 24 * 3600 * 1000;
const NOT_EMPTY = new CommandError(
  'ERR When using MIGRATE KEYS option, the key argument must be set to the empty string',
);

interface Request {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly timeout: number;
  readonly copy: boolean;
  readonly replace: boolean;
  readonly login: readonly string[] | undefined;
  readonly keys: readonly string[];
}

function migrate(call: Call): void {
  const request = parse(call);
  const { client, server, db } = call;
  const keys = request.keys.filter((key) => db.readKey(key) >= 0);
  if (keys.length === 0) return call.reply.simple('NOKEY');
  const commands = commandsFor(call, request, keys);
  if (!call.mayBlock || client.transport === undefined) return migrateNow(call, request, keys, commands);
  const hold = new Pause(server);
  call.block(
    [],
    0,
    () => false,
    (reply) => reply.error('ERR MIGRATE was interrupted'),
  );
  hold.start(server.clock.now() + LONGEST_HOLD, false);
  exchange(request, commands, (failure, answers) => {
    server.guarded(client, () => {
      server.beginBatch();
      const refusal = failure ?? conclude(request, db, keys, answers.slice(commands.length - keys.length), answers);
      server.blocking.finish(client, (reply: Reply) => {
        if (refusal === undefined) reply.ok();
        else reply.error(refusal);
      });
      hold.end();
      server.endBatch();
    });
  });
}

function migrateNow(
  { db, reply }: Call,
  request: Request,
  keys: readonly string[],
  commands: readonly string[][],
): void {
  const { host, port, timeout } = request;
  const text = commands.map((argv) => encodeByteCommand(argv)).join('');
  const { failedAt, lines } = exchangeNow({ host, port, timeout, text, lines: commands.length });
  if (failedAt !== undefined) throw new CommandError(FAILURES[failedAt]);
  const refusal = conclude(request, db, keys, lines.slice(commands.length - keys.length), lines);
  if (refusal !== undefined) throw new CommandError(refusal);
  reply.ok();
}

function parse(call: Call): Request {
  let copy = false;
  let replace = false;
  let login: readonly string[] | undefined;
  let keys: readonly string[] = [call.arg(3)];
  for (let i = 6; i < call.argc; i++) {
    const left = call.argc - i - 1;
    if (call.is(i, 'copy')) copy = true;
    else if (call.is(i, 'replace')) replace = true;
    else if (call.is(i, 'auth') && left >= 1) login = ['AUTH', call.arg(++i)];
    else if (call.is(i, 'auth2') && left >= 2) login = ['AUTH', call.arg(++i), call.arg(++i)];
    else if (call.is(i, 'keys')) {
      if (call.length(3) !== 0) throw NOT_EMPTY;
      keys = call.args(i + 1);
      break;
    } else throw SYNTAX_ERROR;
  }
  const timeout = call.integer(5);
  const database = call.integer(4);
  return {
    host: call.arg(1),
    port: Number(call.arg(2)),
    database,
    timeout: timeout <= 0 ? DEFAULT_TIMEOUT : timeout,
    copy,
    replace,
    login,
    keys,
  };
}

/** What the other side is sent; the last ones bring one key each. */
function commandsFor({ server, db, now }: Call, request: Request, keys: readonly string[]): string[][] {
  const restore = clusterOf(server) === undefined ? 'RESTORE' : 'RESTORE-ASKING';
  const commands: string[][] = [];
  if (request.login !== undefined) commands.push([...request.login]);
  commands.push(['SELECT', String(request.database)]);
  for (const key of keys) {
    const slot = db.peekKey(key);
    const at = db.expiryOf(slot);
    const ttl = at === 0 ? 0 : Math.max(1, at - now);
    const payload = payloadOf(server, db, slot).latin1Slice();
    commands.push([restore, key, String(ttl), payload, ...(request.replace ? ['REPLACE'] : [])]);
  }
  return commands;
}

/** Keys that the other side has taken go; the first error is the answer. */
function conclude(
  { copy }: Request,
  db: Database,
  keys: readonly string[],
  ofKeys: readonly string[],
  all: readonly string[],
): string | undefined {
  const moved = keys.filter((key, i) => !ofKeys[i]!.startsWith('-') && db.table.findText(key) >= 0);
  // Whoever could not log in or select the database has moved nothing.
  const isReady = all.slice(0, all.length - ofKeys.length).every((answer) => !answer.startsWith('-'));
  if (!copy && isReady && moved.length > 0) {
    for (const key of moved) db.delete(db.table.findText(key));
    const { effects } = db.space;
    if (effects.propagating) effects.propagate(db.id, ['DEL', ...moved]);
  }
  const error = all.find((answer) => answer.startsWith('-'));
  return error === undefined ? undefined : `ERR Target instance replied with error: ${error.slice(1)}`;
}

/** A host that is not known is the only failure that Redis meets before it writes. */
const FAILURES = {
  lookup: 'IOERR error or timeout connecting to the client',
  writing: 'IOERR error or timeout writing to target instance',
  reading: 'IOERR error or timeout reading to target instance',
} as const;

type Done = (failure: string | undefined, answers: readonly string[]) => void;

/** Send everything, and collect one line for each command. */
function exchange({ host, port, timeout }: Request, commands: readonly string[][], done: Done): void {
  const answers: string[] = [];
  let text = '';
  let stage: keyof typeof FAILURES = 'writing';
  let socket: Socket | undefined;
  const end = (failure: string | undefined): void => {
    clearTimeout(timer);
    if (socket !== undefined)
      socket
        .removeAllListeners()
        .on('error', () => {})
        .destroy();
    done(failure, answers);
  };
  const fail = (): void => end(FAILURES[stage]);
  const timer = setTimeout(fail, timeout);
  if (!(port > 0 && port < 65_536)) {
    setImmediate(fail);
    return;
  }
  socket = connect(port, host);
  socket.on('connect', () => {
    stage = 'reading';
    socket!.write(commands.map((argv) => encodeByteCommand(argv)).join(''), 'latin1');
  });
  socket.on('error', ({ syscall }: NodeJS.ErrnoException) => {
    if (syscall === 'getaddrinfo') stage = 'lookup';
    fail();
  });
  socket.on('close', fail);
  socket.on('data', (bytes) => {
    const lines = (text + bytes.toString('latin1')).split('\r\n');
    text = lines.pop()!;
    answers.push(...lines);
    if (answers.length >= commands.length) end(undefined);
  });
}
