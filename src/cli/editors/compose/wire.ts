/** Gives an app service its variables and makes it wait for Redis, wherever its keys are really written. */
import type { EmitEntry } from '../yaml/emit.ts';
import { appendEntries, insertAfterPair } from '../yaml/insert.ts';
import type { YamlEdit } from '../yaml/insert.ts';
import { bodyStyle, columnOf } from '../yaml/layout.ts';
import { findEffective, isBlock, keyOf, resolve } from '../yaml/lookup.ts';
import type { MapNode } from '../yaml/lookup.ts';
import { extendDependency, extendEnvironment, newDependency, newEnvironment } from './forms.ts';
import { bodyOf, servicesSeeing } from './sharing.ts';
import type { WiredKey } from './sharing.ts';
import type { AppWish, WiringContext } from './wiring.ts';

export interface Wiring {
  readonly edits: readonly YamlEdit[];
  /** All services that the edits reach. */
  readonly reached: readonly string[];
  readonly skipped?: string;
}

export function wireApp(context: WiringContext, wish: AppWish): Wiring {
  const body = bodyOf(context.document, context.services, wish.app);
  if (!body) return { edits: [], reached: [], skipped: 'it has no body to write into' };
  const keys: WiredKey[] = [];
  if (wish.variables.length > 0) keys.push('environment');
  if (wish.waitFor !== undefined) keys.push('depends_on');
  const results: KeyResult[] = [];
  for (const key of keys) {
    const result = wireKey(context, wish, body, key);
    results.push(result);
    // An app that cannot be told where Redis is need not wait for it either.
    if (result.skipped !== undefined) break;
  }
  const entries = results.map((result) => result.entry).filter((entry) => entry !== undefined);
  const skipped = results.find((result) => result.skipped !== undefined)?.skipped;
  return {
    edits: [...results.flatMap((result) => result.edit ?? []), ...addToBody(context, body, entries)],
    reached: [...new Set(results.flatMap((result) => result.reached ?? []))],
    ...(skipped !== undefined && { skipped }),
  };
}

interface KeyResult {
  readonly edit?: YamlEdit;
  /** An entry that the body lacks. */
  readonly entry?: EmitEntry;
  readonly reached?: readonly string[];
  readonly skipped?: string;
}

function wireKey(context: WiringContext, wish: AppWish, body: MapNode, key: WiredKey): KeyResult {
  if (context.given[key].has(wish.app)) return { reached: [wish.app] };
  const effective = findEffective(context.document, body, key);
  const node = effective ? (resolve(context.document, effective.pair.value) ?? effective.pair.key) : body;
  const seeing = servicesSeeing(context.document, context.services, node, key);
  const others = seeing.filter((name) => !context.mayChange.has(name));
  if (others.length > 0) {
    return { skipped: `it shares its ${effective ? key : 'settings'} with ${others.join(', ')} through an anchor` };
  }
  const reached = seeing.length > 0 ? seeing : [wish.app];
  if (!effective) {
    const entry = key === 'environment' ? newEnvironment(wish) : newDependency(wish);
    return entry ? give(context, key, { entry, reached }) : {};
  }
  const edit =
    key === 'environment' ? extendEnvironment(context, effective, wish) : extendDependency(context, effective, wish);
  return edit
    ? give(context, key, { edit, reached })
    : { skipped: `its ${key} is written in a form that cannot be added to` };
}

function give(context: WiringContext, key: WiredKey, result: KeyResult): KeyResult {
  for (const name of result.reached ?? []) context.given[key].add(name);
  return result;
}

/** New keys go to the end of the service, but `environment` right below the `env_file` that it adds to. */
function addToBody(context: WiringContext, body: MapNode, entries: readonly EmitEntry[]): YamlEdit[] {
  const { text } = context;
  const style = bodyStyle(text, body, columnOf(text, context.services), context.style);
  const envFile = body.items.findIndex((pair) => keyOf(pair) === 'env_file');
  const beside = isBlock(body) && envFile >= 0 && envFile < body.items.length - 1;
  const early = entries.filter(([key]) => beside && key === 'environment');
  const late = entries.filter(([key]) => !(beside && key === 'environment'));
  return [
    ...early.map((entry) => insertAfterPair(text, body, envFile, entry, style)),
    ...(late.length > 0 ? [appendEntries(text, body, late, { style })] : []),
  ];
}
