/** Which part of a spec a server shows that advertises a certain version. */

import type { CommandArgument, CommandSpec } from './types.ts';

/** A spec as it was in a version, or undefined where the command came later. */
export function specAt(spec: CommandSpec, version: string): CommandSpec | undefined {
  if (!isReached(spec.since, version)) return undefined;
  const revision = spec.revisions?.findLast(({ since }) => isReached(since, version));
  return {
    ...spec,
    ...revision,
    since: spec.since,
    args: argumentsAt(spec.args ?? [], version),
    history: (spec.history ?? []).filter(([since]) => isReached(since, version)),
  };
}

/** Whether `version` is `since` or later. */
export function isReached(since: string, version: string): boolean {
  const wanted = since.split('.').map(Number);
  const actual = version.split('.').map(Number);
  for (let i = 0; i < 3; i++) {
    const difference = (actual[i] ?? 0) - (wanted[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function argumentsAt(args: readonly CommandArgument[], version: string): readonly CommandArgument[] {
  const kept = args.filter((argument) => argument.since === undefined || isReached(argument.since, version));
  let changed = kept.length !== args.length;
  const filtered = kept.map((argument) => {
    if (argument.arguments === undefined) return argument;
    const inner = argumentsAt(argument.arguments, version);
    if (inner === argument.arguments) return argument;
    changed = true;
    return { ...argument, arguments: inner };
  });
  return changed ? filtered : args;
}
