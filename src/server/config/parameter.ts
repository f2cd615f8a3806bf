// A configuration parameter: its names, its values, where the value lives, and who may change it.

import type { Settings } from '../settings.ts';
import { choice, integer, memory, plainText, yesNo } from './kinds.ts';
import type { Kind, ParameterValue } from './kinds.ts';

export interface Parameter {
  readonly name: string;
  /** An older name that means the same. */
  readonly alias?: string | undefined;
  readonly kind: Kind;
  readonly initial: ParameterValue;
  /** Only the command line and the configuration file set it. */
  readonly immutable?: boolean | undefined;
  /** Changeable only where `enable-protected-configs` allows it. */
  readonly protected?: boolean | undefined;
  /** Not found by patterns, only by its whole name. */
  readonly hidden?: boolean | undefined;
  /** A line of the configuration file may have several words for it. */
  readonly several?: boolean | undefined;
  /** A secret: never shown in the slow log or to MONITOR. */
  readonly sensitive?: boolean | undefined;
  /** Where the value lives when a typed setting has it; otherwise the configuration keeps it itself. */
  readonly bound?: Binding | undefined;
}

export interface Binding {
  get(settings: Settings): ParameterValue;
  set(settings: Settings, value: ParameterValue): void;
}

export type FieldOf<T> = { [name in keyof Settings]: Settings[name] extends T ? name : never }[keyof Settings];

export interface ParameterOptions {
  readonly alias?: string;
  readonly immutable?: boolean;
  readonly protected?: boolean;
  readonly sensitive?: boolean;
  readonly hidden?: boolean;
  readonly several?: boolean;
}

export const INT_MAX = 2_147_483_647;
export const LONG_MAX = 9_223_372_036_854_775_807n;

export function flag(name: string, initial: boolean, options: ParameterOptions & { field?: FieldOf<boolean> } = {}) {
  return define(name, yesNo, initial, options);
}

export function int(
  name: string,
  initial: number,
  [min, max]: readonly [number | bigint, number | bigint],
  options: ParameterOptions & { field?: FieldOf<number> } = {},
): Parameter {
  return define(name, integer(min, max), initial, options);
}

export function bytes(
  name: string,
  initial: number,
  [min, max]: readonly [number | bigint, number | bigint] = [0, LONG_MAX],
  options: ParameterOptions & { field?: FieldOf<number> } = {},
): Parameter {
  return define(name, memory(min, max), initial, options);
}

export function oneOf(
  name: string,
  initial: string,
  names: readonly string[],
  options: ParameterOptions & { field?: FieldOf<string>; synonyms?: Readonly<Record<string, string>> } = {},
): Parameter {
  return define(name, choice(names, options.synonyms), initial, options);
}

export function string(
  name: string,
  initial = '',
  options: ParameterOptions & { field?: FieldOf<string>; normalise?: (given: string) => string } = {},
): Parameter {
  return define(name, plainText(options.normalise), initial, options);
}

export function define(
  name: string,
  kind: Kind,
  initial: ParameterValue,
  options: ParameterOptions & { field?: keyof Settings; bound?: Binding } = {},
): Parameter {
  const { field } = options;
  const bound = options.bound ?? (field === undefined ? undefined : fieldBinding(field));
  const { alias, immutable, protected: guarded, sensitive, hidden, several } = options;
  return { name, alias, kind, initial, immutable, protected: guarded, sensitive, hidden, several, bound };
}

function fieldBinding(field: keyof Settings): Binding {
  return {
    get: (settings) => settings[field] as ParameterValue,
    set: (settings, value) => Object.assign(settings, { [field]: value }),
  };
}
