// Loads an append-only file: its base, then the commands of its increments, a few at a time.

import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '../../client.ts';
import { configOf } from '../../config/config.ts';
import { Call } from '../../dispatch/call.ts';
import type { Server } from '../../server.ts';
import { leaveTransaction } from '../../transactions/watches.ts';
import { openFile } from '../rdb/file-reader.ts';
import type { FileReader } from '../rdb/file-reader.ts';
import { CorruptData, UnexpectedEnd } from '../rdb/format.ts';
import { isRdb, loadRdb } from '../rdb/read-file.ts';
import type { Manifest } from './manifest.ts';
import { readCommand } from './read-commands.ts';

const COMMANDS_PER_STEP = 64;

/** Load all files of a manifest; `client` runs their commands. Throws CorruptData that names the file. */
export function* loadAof(server: Server, client: Client, folder: string, manifest: Manifest): Generator<void> {
  const files = [...(manifest.base === undefined ? [] : [manifest.base]), ...manifest.increments];
  const { keyspace } = server;
  const { mayExpire } = keyspace;
  keyspace.mayExpire = false;
  try {
    for (const [i, { name }] of files.entries()) {
      try {
        yield* loadFile(server, client, join(folder, name), i === files.length - 1);
      } catch (error) {
        throw error instanceof CorruptData ? new CorruptData(`${name}: ${error.message}`) : error;
      }
    }
  } finally {
    keyspace.letExpire(mayExpire);
    if (client.transaction !== undefined) leaveTransaction(client);
  }
}

function* loadFile(server: Server, client: Client, path: string, isLast: boolean): Generator<void> {
  const reader = openFile(path);
  client.db = server.keyspace.databases[0]!;
  try {
    // A damaged base is never cut: it is not the tail that was being written.
    if (isRdb(reader)) yield* loadRdb(server, reader, { keepExpired: true });
    yield* runCommands(server, client, reader, path, isLast);
  } finally {
    reader.close();
  }
}

function* runCommands(
  server: Server,
  client: Client,
  reader: FileReader,
  path: string,
  isLast: boolean,
): Generator<void> {
  const call = new Call(server, client);
  /** Up to here everything is whole, transactions included. */
  let sound = reader.position;
  let commands = 0;
  for (;;) {
    let argv: string[] | undefined;
    try {
      argv = readCommand(reader);
      if (argv === undefined && client.transaction !== undefined) {
        throw new UnexpectedEnd(`it ends at byte ${reader.position} within a transaction`);
      }
    } catch (error) {
      if (!(error instanceof UnexpectedEnd)) throw error;
      if (!isLast || configOf(server).value('aof-load-truncated') !== true) {
        throw new CorruptData(
          `Unexpected end of file: ${error.message}. Everything up to byte ${sound} is sound; with aof-load-truncated yes the rest is cut off`,
          { cause: error },
        );
      }
      if (client.transaction !== undefined) leaveTransaction(client);
      server.log(`!!! Warning: short read while loading the AOF file ${path}, truncating it to ${sound} bytes`);
      truncateSync(path, sound);
      return;
    }
    if (argv === undefined) return;
    run(server, client, call, argv);
    if (client.transaction === undefined) sound = reader.position;
    if (++commands % COMMANDS_PER_STEP === 0) yield;
  }
}

function run(server: Server, client: Client, call: Call, argv: readonly string[]): void {
  const name = argv[0]!.toLowerCase();
  if (server.registry.command(name) === undefined) {
    throw new CorruptData(`Unknown command '${argv[0]}' reading the append only file`);
  }
  call.load(argv);
  call.db = client.db;
  call.reply = client.reply;
  server.dispatch(call);
  client.reply.out = '';
}
