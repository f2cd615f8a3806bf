// The connection of a replica to its master: greeting, snapshot or what was missed, then the stream of commands.

import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { encodeByteCommand } from '../../redis/protocol/index.ts';
import type { Client } from '../client.ts';
import { configOf } from '../config/config.ts';
import { Call } from '../dispatch/call.ts';
import { openBytes } from '../persistence/rdb/file-reader.ts';
import { loadNow } from '../persistence/rdb/rdb-store.ts';
import { messageOf, savingOf } from '../persistence/saving.ts';
import { statisticsOf } from '../introspection/statistics.ts';
import type { Server } from '../server.ts';
import { leaveTransaction } from '../transactions/watches.ts';
import { identityOf } from './identity.ts';
import { replicasOf } from './replicas.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { CommandStream } from './stream.ts';
import type { Scanner } from '../net/scanner.ts';

/** As ROLE tells it. */
export type LinkState = 'connect' | 'connecting' | 'handshake' | 'sync' | 'connected';

const CRON_MS = 1000;
const CONNECT_TIMEOUT = 'Timeout connecting to the MASTER...';
const TIMEOUTS: Readonly<Record<LinkState, string>> = {
  connect: CONNECT_TIMEOUT,
  connecting: CONNECT_TIMEOUT,
  handshake: CONNECT_TIMEOUT,
  sync: "Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter in redis.conf to a larger value.",
  connected: 'MASTER timeout: no data nor PING received...',
};

export class MasterLink {
  readonly server: Server;
  readonly host: string;
  readonly port: number;
  /** Of a failover: hears what the new master says. */
  onAnswer: ((accepted: boolean) => void) | undefined = undefined;
  /** Runs what the master sends; nothing is refused to it. */
  readonly client: Client;
  readonly call: Call;
  state: LinkState = 'connect';
  /** Our identity and offset are of a history that a master may go on with. */
  knowsHistory: boolean;
  socket: Socket | undefined = undefined;
  receiver: SnapshotReceiver | undefined = undefined;
  /** The history that the snapshot on its way belongs to. */
  resyncAs = { id: '', offset: 0 };
  stream = new CommandStream();
  /** Received while lines are read, not yet taken. */
  text = '';
  /** Received during a pause. */
  held: Buffer[] = [];
  /** Questions whose answers are still to come. */
  questions: { readonly name: string; readonly argv: readonly string[] }[] = [];
  lastHeard = 0;
  /** Since when the link is down. */
  downSince: number;
  /** What the stream has brought, transactions in progress included. */
  received = 0;
  cron: NodeJS.Timeout | undefined = undefined;

  constructor(server: Server, host: string, port: number, knowsHistory: boolean) {
    this.server = server;
    this.host = host;
    this.port = port;
    this.knowsHistory = knowsHistory;
    this.client = server.addClient(undefined);
    this.client.db = server.keyspace.databases[identityOf(server).streamDb]!;
    this.call = new Call(server, this.client);
    this.downSince = server.clock.now();
  }

  start(): void {
    this.cron = setInterval(() => this.server.guarded(undefined, () => this.tick()), CRON_MS);
    this.cron.unref();
    this.server.log(`Connecting to MASTER ${this.host}:${this.port}`);
    this.connect();
  }

  stop(): void {
    clearInterval(this.cron);
    this.drop();
  }

  get isUp(): boolean {
    return this.state === 'connected';
  }

  connect(): void {
    const { server } = this;
    // What is on disk comes first; the cron tries again.
    if (savingOf(server).loading !== undefined) return;
    this.state = 'connecting';
    this.lastHeard = server.clock.now();
    const localAddress = configOf(server).text('bind-source-addr');
    const { host, port } = this;
    const socket = connect({ host, port, ...(localAddress === '' ? {} : { localAddress }) });
    this.socket = socket;
    socket.unref();
    socket.setNoDelay(true);
    socket.on('connect', () => this.greet());
    socket.on('data', (bytes) => {
      if (this.socket !== socket) return;
      this.lastHeard = server.clock.now();
      try {
        this.receive(bytes);
      } catch (error) {
        server.log(`Lost the MASTER: ${messageOf(error)}`);
        this.drop();
        server.recover();
      }
    });
    const lost = (): void => {
      if (this.socket === socket) this.drop();
    };
    socket.on('error', lost);
    socket.on('close', lost);
  }

  /** Back to the start; the cron connects again. */
  drop(): void {
    const { socket, client } = this;
    this.socket = undefined;
    socket
      ?.removeAllListeners()
      .on('error', () => {})
      .destroy();
    if (this.state === 'connected') {
      this.server.log('Connection with master lost.');
      this.downSince = this.server.clock.now();
    }
    this.state = 'connect';
    this.receiver = undefined;
    this.stream = new CommandStream();
    this.text = '';
    this.questions = [];
    this.held = [];
    this.received = identityOf(this.server).offset;
    if (client.transaction !== undefined) leaveTransaction(client);
  }

  tick(): void {
    const config = configOf(this.server);
    const patience = Number(config.value('repl-timeout')) * 1000;
    if (this.state !== 'connect' && this.server.clock.now() - this.lastHeard > patience) {
      this.server.log(TIMEOUTS[this.state]);
      this.drop();
    }
    if (this.state === 'connect') this.connect();
    else if (this.state === 'connected') this.acknowledge();
    // Only to say that we are alive.
    else if (this.state === 'sync') this.socket?.write('\n');
  }

  acknowledge(): void {
    this.socket?.write(encodeByteCommand(['REPLCONF', 'ACK', String(identityOf(this.server).offset)]), 'latin1');
  }

  // Greeting: one question at a time, as Redis asks them.

  greet(): void {
    const config = configOf(this.server);
    this.state = 'handshake';
    const [user, password] = [config.text('masteruser'), config.text('masterauth')];
    const port =
      config.text('replica-announce-port') === '0' ? config.text('port') : config.text('replica-announce-port');
    const ip = config.text('replica-announce-ip');
    const { id, offset } = identityOf(this.server);
    this.ask('PING');
    if (password !== '') this.ask('AUTH', ...(user === '' ? [] : [user]), password);
    this.ask('REPLCONF', 'listening-port', port);
    if (ip !== '') this.ask('REPLCONF', 'ip-address', ip);
    this.ask('REPLCONF', 'capa', 'eof', 'capa', 'psync2');
    const from = this.knowsHistory ? [id, String(offset + 1)] : ['?', '-1'];
    this.ask('PSYNC', ...from, ...(this.onAnswer === undefined ? [] : ['FAILOVER']));
    this.send();
  }

  ask(...argv: string[]): void {
    this.questions.push({ name: argv[0]!, argv });
  }

  send(): void {
    const next = this.questions[0];
    if (next !== undefined) this.socket?.write(encodeByteCommand(next.argv), 'latin1');
  }

  receive(bytes: Buffer): void {
    if (this.state === 'connected') return this.follow(bytes);
    if (this.state === 'sync') return this.load(bytes);
    this.text += bytes.latin1Slice();
    while (this.state === 'handshake') {
      const end = this.text.indexOf('\n');
      if (end < 0) return;
      const line = this.text.slice(0, end).trimEnd();
      this.text = this.text.slice(end + 1);
      if (line !== '') this.answered(line);
    }
    const rest = Buffer.from(this.text, 'latin1');
    this.text = '';
    if (rest.length > 0 && this.socket !== undefined) this.receive(rest);
  }

  answered(line: string): void {
    const question = this.questions.shift();
    if (question?.name === 'PSYNC') return this.decided(line);
    if (line.startsWith('-')) {
      if (question?.name === 'AUTH') throw new Error(`Unable to AUTH to MASTER: ${line}`);
      // A master of another age may not know what we tell of ourselves.
      const isBearable = question?.name === 'REPLCONF' || /^-(NOAUTH|NOPERM|ERR op)/.test(line);
      if (!isBearable) throw new Error(`Error reply to ${question?.name} from master: '${line}'`);
    }
    this.send();
  }

  decided(line: string): void {
    const { server, onAnswer } = this;
    const [word, id, offset] = line.split(' ');
    this.onAnswer = undefined;
    if (onAnswer !== undefined) {
      const accepted = word === '+FULLRESYNC' || word === '+CONTINUE';
      onAnswer(accepted);
      if (!accepted) return;
    }
    if (word === '+FULLRESYNC' && id !== undefined && offset !== undefined) {
      server.log(`Full resync from master: ${id}:${offset}`);
      this.state = 'sync';
      this.receiver = new SnapshotReceiver();
      this.resyncAs = { id, offset: Number(offset) };
    } else if (word === '+CONTINUE') {
      const identity = identityOf(server);
      if (id !== undefined && id !== identity.id) {
        identity.continueAs(id);
        replicasOf(server).disconnect();
      }
      server.log('Successful partial resynchronization with master.');
      this.connected();
    } else {
      throw new Error(`PSYNC was answered with ${line}`);
    }
  }

  load(bytes: Buffer): void {
    const received = this.receiver!.write(Buffer.from(bytes));
    if (received === undefined) return;
    const { server } = this;
    const { keyspace } = server;
    const replicas = replicasOf(server);
    this.receiver = undefined;
    savingOf(server).cancelSave();
    // Whoever follows us has to begin anew as well.
    replicas.forsake();
    server.beginBatch();
    keyspace.flush();
    savingOf(server).functions?.clear();
    if (keyspace.effects.propagating) keyspace.effects.propagate(0, ['FLUSHALL']);
    loadNow(server, openBytes(received.snapshot), { keepExpired: true });
    identityOf(server).adopt(this.resyncAs.id, this.resyncAs.offset);
    replicas.listen();
    this.keep();
    server.endBatch();
    this.client.db = keyspace.databases[0]!;
    server.log('MASTER <-> REPLICA sync: Finished with success');
    this.connected();
    if (received.rest.length > 0) this.follow(received.rest);
  }

  /** What came in one piece is in no append-only file yet. */
  keep(): void {
    const saving = savingOf(this.server);
    if (configOf(this.server).value('appendonly') !== true || saving.store === undefined) return;
    if (saving.rewriteWork === undefined) saving.rewriteInBackground();
    else saving.rewriteScheduled = true;
  }

  /** What was loaded from disk is of a history that the master may go on with. */
  takeUp(): void {
    const { offset, streamDb } = identityOf(this.server);
    this.knowsHistory = true;
    this.received = offset;
    this.client.db = this.server.keyspace.databases[streamDb]!;
  }

  /** After a pause. */
  goOn(): void {
    for (const bytes of this.held.splice(0)) this.follow(bytes);
  }

  connected(): void {
    this.state = 'connected';
    this.knowsHistory = true;
    this.received = identityOf(this.server).offset;
    replicasOf(this.server).listen();
    this.acknowledge();
  }

  // The stream.

  follow(bytes: Buffer): void {
    const { server, client } = this;
    // CLIENT PAUSE holds the master's commands up as well.
    if (server.pause.isOn) {
      this.held.push(Buffer.from(bytes));
      return;
    }
    const identity = identityOf(server);
    const replicas = replicasOf(server);
    server.beginBatch();
    const { keyspace } = server;
    this.stream.write(bytes, (scanner, length) => {
      const text = scanner.bytes.latin1Slice(scanner.at - length, scanner.at);
      // The master decides when keys end: to its commands they are there until then.
      keyspace.hidesExpired = false;
      this.run(scanner);
      keyspace.hidesExpired = true;
      this.received += length;
      // A transaction that is cut off is sent again from its beginning.
      if (client.transaction === undefined) identity.offset = this.received;
      replicas.send(text);
    });
    server.endBatch();
  }

  run(scanner: Scanner): void {
    const { call, client, server } = this;
    call.bytes = scanner.bytes;
    call.start = scanner.start;
    call.end = scanner.end;
    call.argc = scanner.argc;
    call.db = client.db;
    call.reply = client.reply;
    if (call.is(0, 'replconf')) {
      if (call.argc > 1 && call.is(1, 'getack')) this.acknowledge();
      return;
    }
    server.dispatch(call);
    if (client.reply.out.startsWith('-')) this.complain(client.reply.out.slice(0, client.reply.out.indexOf('\r\n')));
    client.reply.out = '';
  }

  /** What succeeded there and fails here means that the data is not the same. */
  complain(error: string): void {
    const { server, call } = this;
    statisticsOf(server).count('unexpected_error_replies');
    server.log(
      `== CRITICAL == This replica is sending an error to its master: '${error.slice(1)}' after processing the command '${call.word(0)}'`,
    );
  }
}
