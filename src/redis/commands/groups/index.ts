/** The groups in one list, and the names of all commands as types. */

import { aclCommands } from './acl.ts';
import { bitmapCommands } from './bitmap.ts';
import { clientCommands } from './client.ts';
import { clusterCommands } from './cluster.ts';
import { commandCommands } from './command.ts';
import { configCommands } from './config.ts';
import { connectionCommands } from './connection.ts';
import { expiryCommands } from './expiry.ts';
import { genericCommands } from './generic.ts';
import { geoCommands } from './geo.ts';
import { hashCommands } from './hash.ts';
import { hyperloglogCommands } from './hyperloglog.ts';
import { introspectionCommands } from './introspection.ts';
import { laterClientCommands, laterClusterCommands, laterGenericCommands, laterHashCommands } from './later.ts';
import { listCommands } from './list.ts';
import { moduleCommands } from './module.ts';
import { pubsubCommands } from './pubsub.ts';
import { replicationCommands } from './replication.ts';
import { scriptingCommands } from './scripting.ts';
import { sentinelCommands } from './sentinel.ts';
import { serverCommands } from './server.ts';
import { setCommands } from './set.ts';
import { sortedSetCommands } from './sorted-set.ts';
import { sortedSetAlgebraCommands } from './sorted-set-algebra.ts';
import { sortedSetRangesCommands } from './sorted-set-ranges.ts';
import { streamCommands } from './stream.ts';
import { stringCommands } from './string.ts';
import { transactionsCommands } from './transactions.ts';

export const GROUPS = [
  aclCommands,
  bitmapCommands,
  clientCommands,
  clusterCommands,
  commandCommands,
  configCommands,
  connectionCommands,
  expiryCommands,
  genericCommands,
  geoCommands,
  hashCommands,
  hyperloglogCommands,
  introspectionCommands,
  listCommands,
  moduleCommands,
  pubsubCommands,
  replicationCommands,
  scriptingCommands,
  sentinelCommands,
  serverCommands,
  setCommands,
  sortedSetCommands,
  sortedSetAlgebraCommands,
  sortedSetRangesCommands,
  streamCommands,
  stringCommands,
  transactionsCommands,
] as const;

export const LATER_GROUPS = [
  laterClientCommands,
  laterClusterCommands,
  laterGenericCommands,
  laterHashCommands,
] as const;

/** `get`, `config`, `config|get`: every command and sub-command of Redis 7.0. */
export type CommandName = NamesOf<(typeof GROUPS)[number]>;

/** What 7.2 and 7.4 added. */
export type LaterCommandName = NamesOf<(typeof LATER_GROUPS)[number]>;

type NamesOf<Group> = Group extends { readonly specs: Readonly<Record<infer Name extends string, unknown>> }
  ? Name
  : never;

/** Commands that have sub-commands; all but COMMAND do nothing by themselves. */
export type ContainerName = ParentOf<CommandName>;

type ParentOf<Name> = Name extends `${infer Parent}|${string}` ? Parent : never;

/** Commands that only a sentinel serves. */
export type SentinelCommandName = Extract<CommandName, 'sentinel' | `sentinel|${string}`>;

/** The names that a server owes a handler: a map typed over them does not compile while one is missing. */
export type ImplementableName = Exclude<CommandName, Exclude<ContainerName, 'command'> | SentinelCommandName>;
