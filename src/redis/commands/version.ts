/** What of a row a server shows that advertises a certain version. */

import type { CommandArgument } from './types.ts';

/** Whether `version` is `since` or later. */
export function isReached(since: string, version: string): boolean {
  return orderOf(since) <= orderOf(version);
}

const orders = new Map<string, number>();

/** A number that grows with the version; the table asks for the same few versions a thousand times. */
function orderOf(version: string): number {
  let order = orders.get(version);
  if (order === undefined) {
    const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
    order = (major * 1000 + minor) * 1000 + patch;
    orders.set(version, order);
  }
  return order;
}

/** Without the arguments that came later; the same array where there are none, which is nearly always. */
export function argumentsAt(args: readonly CommandArgument[], version: string): readonly CommandArgument[] {
  return args.every((argument) => isWhole(argument, version))
    ? args
    : args.flatMap((argument) => cut(argument, version));
}

function isWhole(argument: CommandArgument, version: string): boolean {
  if (argument.since !== undefined && !isReached(argument.since, version)) return false;
  return argument.arguments === undefined || argument.arguments.every((inner) => isWhole(inner, version));
}

function cut(argument: CommandArgument, version: string): readonly CommandArgument[] {
  if (argument.since !== undefined && !isReached(argument.since, version)) return [];
  if (argument.arguments === undefined) return [argument];
  return [{ ...argument, arguments: argumentsAt(argument.arguments, version) }];
}
