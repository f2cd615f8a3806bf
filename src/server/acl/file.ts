// The file of users that `aclfile` names: one line `user <name> <rule> …` each.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { printed } from '../errors.ts';
import { applyRule, hasSpaces, InvalidRule, mergeSelectors, UNKNOWN_COMMAND } from './rules.ts';
import type { RuleContext } from './rules.ts';
import { User } from './user.ts';

/** Users of a file, or what is wrong with it in one line. */
export function readAclFile(
  path: string,
  shownAs: string,
  context: RuleContext,
): { readonly users: Map<string, User> } | { readonly errors: string } {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    return { errors: `Error loading ACLs, opening file '${shownAs}': ${systemMessage(error)}` };
  }
  const parsed = parseAclText(text, shownAs, context);
  if (parsed.errors === '') return { users: parsed.users };
  return {
    errors: `${parsed.errors}WARNING: ACL errors detected, no change to the previously active ACL rules was performed`,
  };
}

/** Replace the file at once or not at all; throws what the system says. */
export function writeAclFile(path: string, lines: readonly string[]): void {
  const temporary = `${path}.tmp-${process.pid}`;
  const handle = openSync(temporary, 'w', 0o644);
  try {
    writeSync(handle, lines.map((line) => `${line}\n`).join(''), null, 'latin1');
    fsyncSync(handle);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, path);
}

function parseAclText(text: string, file: string, context: RuleContext): { users: Map<string, User>; errors: string } {
  const users = new Map<string, User>();
  let errors = '';
  for (const [i, line] of text.split('\n').entries()) {
    const number = i + 1;
    const [word, name, ...rules] = line.replace(/^[ \t\r]+|[ \t\r]+$/g, '').split(' ');
    if (word === '') continue;
    if (word !== 'user' || name === undefined) {
      errors += `${file}:${number} should start with user keyword followed by the username. `;
    } else if (hasSpaces(name)) {
      errors += `'${file}:${number}: username '${printed(name)}' contains invalid characters. `;
    } else if (users.has(name)) {
      errors += `WARNING: Duplicate user '${name}' found on line ${number}. `;
    } else {
      const user = new User(name, context.allChannels);
      users.set(name, user);
      errors += applyLine(user, rules, `${file}:${number}`, context);
    }
  }
  return { users, errors };
}

/** All unknown commands are told, for they are no secret; of other errors only the first, which may cause the rest. */
function applyLine(user: User, given: readonly string[], place: string, context: RuleContext): string {
  const { rules, unmatched } = mergeSelectors(given);
  if (unmatched !== undefined) return `${place}: Unmatched parenthesis in selector definition.`;
  let errors = '';
  let told = false;
  for (const padded of rules) {
    const rule = padded.replace(/^[\t\r]+|[\t\r]+$/g, '');
    try {
      applyRule(user, rule, context);
    } catch (error) {
      if (!(error instanceof InvalidRule)) throw error;
      if (error === UNKNOWN_COMMAND) {
        errors += `${place}: Error in applying operation '${printed(rule)}': ${error.reason}. `;
      } else if (!told) {
        errors += `${place}: ${error.reason}. `;
        told = true;
      }
    }
  }
  return errors;
}

const SYSTEM_MESSAGES: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EISDIR: 'Is a directory',
};

function systemMessage(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return SYSTEM_MESSAGES[code] ?? message;
}
