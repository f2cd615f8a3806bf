// Users as a server starts: from `user` lines of its configuration, or from the file that `aclfile` names.

import { resolve } from 'node:path';
import { ConfigError, configOf } from '../config/config.ts';
import { printed } from '../errors.ts';
import type { Server } from '../server.ts';
import { readAclFile, writeAclFile } from './file.ts';
import { applyRule, hasSpaces, InvalidRule, mergeSelectors, UNKNOWN_COMMAND } from './rules.ts';
import { User } from './user.ts';

interface Declared {
  readonly name: string;
  readonly rules: readonly string[];
}

/** Users that wait for `loadUsers`. */
const DECLARED = Symbol('declared users');

/** Take a line `user <name> <rule> …` of a configuration. Throws ConfigError for one that can never be applied. */
export function declareUser(server: Server, words: readonly string[]): void {
  const [, name = '', ...given] = words;
  const list = declared(server);
  if (list.some((user) => user.name === name)) {
    throw badDeclaration(name, 'Duplicate user found. A user can only be defined once in config files');
  }
  const { rules, unmatched } = mergeSelectors(given);
  if (unmatched !== undefined) throw badDeclaration(unmatched, 'Unmatched parenthesis');
  const { context } = server.access;
  const draft = new User(name, context.allChannels);
  for (const rule of rules) {
    try {
      applyRule(draft, rule, context);
    } catch (error) {
      if (!(error instanceof InvalidRule)) throw error;
      if (error !== UNKNOWN_COMMAND) throw badDeclaration(rule, error.reason);
    }
  }
  list.push({ name, rules });
}

/** Call once the configuration is read. Throws ConfigError; the server should not start then. */
export function loadUsers(server: Server): void {
  const list = declared(server);
  const fromFile = configOf(server).text('aclfile') !== '';
  if (fromFile && list.length > 0) {
    throw new ConfigError(
      'aclfile',
      'Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is invalid. Please define either an ACL file or declare users directly in your redis.conf, but not both.',
    );
  }
  for (const user of list) applyDeclared(server, user);
  server.extras.delete(DECLARED);
  if (!fromFile) return;
  const errors = loadAclFile(server);
  if (errors !== undefined) {
    throw new ConfigError('aclfile', `Aborting startup because of ACL errors: ${errors}`);
  }
}

/** ACL LOAD: returns what is wrong with the file; nothing has changed then. */
export function loadAclFile(server: Server): string | undefined {
  const read = readAclFile(aclPath(server), configOf(server).text('aclfile'), server.access.context);
  if ('errors' in read) return read.errors;
  server.access.replaceUsers(read.users);
  return undefined;
}

/** ACL SAVE; throws what the system says. */
export function saveAclFile(server: Server): void {
  writeAclFile(aclPath(server), userLines(server));
}

/** All users as lines of a file or configuration. */
export function userLines({ access }: Server): string[] {
  return access.sorted().map((user) => `user ${user.name} ${access.describe(user)}`);
}

function aclPath(server: Server): string {
  return resolve(server.access.folder, configOf(server).text('aclfile'));
}

function applyDeclared(server: Server, { name, rules }: Declared): void {
  const { access } = server;
  if (hasSpaces(name)) throw new ConfigError('user', 'Spaces not allowed in ACL usernames');
  const { context } = access;
  const user = new User(name, context.allChannels);
  // The default user is there already, and starts over.
  for (const rule of name === 'default' ? ['reset', ...rules] : rules) {
    try {
      applyRule(user, rule, context);
    } catch (error) {
      if (!(error instanceof InvalidRule)) throw error;
      const what = `Error loading ACL rule '${printed(rule)}' for the user named '${name}': ${error.reason}`;
      throw new ConfigError('user', what);
    }
  }
  if (!user.enabled) {
    server.log(
      `The user '${name}' is disabled (there is no 'on' modifier in the user description). Make sure this is not a configuration error.`,
    );
  }
  access.addUser(user);
}

function declared(server: Server): Declared[] {
  let list = server.extras.get(DECLARED) as Declared[] | undefined;
  if (list === undefined) server.extras.set(DECLARED, (list = []));
  return list;
}

function badDeclaration(what: string, reason: string): ConfigError {
  return new ConfigError('user', `Error in user declaration '${printed(what)}': ${reason}`);
}
