// Loads an append-only file: its base, then the commands of its increments, a few at a time.

import { existsSync, truncateSync } from 'node:fs';
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
  for (const { name } of files) {
    if (!existsSync(join(folder, name))) {
      throw new CorruptData(`Unable to obtain the AOF file ${name} length. stat: No such file or directory`);
    }
  }
  const { keyspace } = server;
  const { mayExpire } = keyspace;
  keyspace.mayExpire = false;
  try {
    for (const [i, { name }] of files.entries()) {
      yield* loadFile(server, client, folder, name, i === files.length - 1);
    }
  } finally {
    keyspace.letExpire(mayExpire);
    if (client.transaction !== undefined) leaveTransaction(client);
  }
}

function* loadFile(server: Server, client: Client, folder: string, name: string, isLast: boolean): Generator<void> {
  const reader = openFile(join(folder, name));
  client.db = server.keyspace.databases[0]!;
  try {
    // A damaged base is never cut: it is not the tail that was being written.
    if (isRdb(reader)) yield* loadBase(server, reader, name);
    yield* runCommands(server, client, reader, { folder, name, isLast });
  } finally {
    reader.close();
  }
}

function* loadBase(server: Server, reader: FileReader, name: string): Generator<void> {
  try {
    yield* loadRdb(server, reader, { keepExpired: true });
  } catch (error) {
    throw error instanceof CorruptData ? new CorruptData(`${name}: ${error.message}`) : error;
  }
}

interface Place {
  readonly folder: string;
  readonly name: string;
  readonly isLast: boolean;
}

function* runCommands(
  server: Server,
  client: Client,
  reader: FileReader,
  { folder, name, isLast }: Place,
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
      if (!(error instanceof CorruptData)) throw error;
      if (!(error instanceof UnexpectedEnd)) throw badFormat(name, error);
      if (!isLast || configOf(server).value('aof-load-truncated') !== true) {
        throw new CorruptData(
          `Unexpected end of file reading the append only file ${name}: ${error.message}. Everything up to byte ${sound} is sound; with aof-load-truncated yes the rest is cut off`,
          { cause: error },
        );
      }
      if (client.transaction !== undefined) leaveTransaction(client);
      server.log(`!!! Warning: short read while loading the AOF file ${name}, truncating it to ${sound} bytes`);
      truncateSync(join(folder, name), sound);
      return;
    }
    if (argv === undefined) return;
    run(server, client, call, argv, name);
    if (client.transaction === undefined) sound = reader.position;
    if (++commands % COMMANDS_PER_STEP === 0) yield;
  }
}

function run(server: Server, client: Client, call: Call, argv: readonly string[], file: string): void {
  if (server.registry.named(argv[0]!.toLowerCase()) === undefined) {
    throw new CorruptData(`Unknown command '${argv[0]}' reading the append only file ${file}`);
  }
  call.load(argv);
  call.db = client.db;
  call.reply = client.reply;
  server.dispatch(call);
  client.reply.out = '';
}

function badFormat(name: string, cause: CorruptData): CorruptData {
  return new CorruptData(
    `Bad file format reading the append only file ${name}: ${cause.message}. Make a backup of the file, then use redis-check-aof --fix <filename.manifest>`,
    { cause },
  );
}
