// The configuration of a server: typed settings and the parameters that only CONFIG knows, under Redis' names.

import type { Server } from '../server.ts';
import { matchGlob } from '../util/glob.ts';
import { InvalidValue } from './kinds.ts';
import type { ParameterValue } from './kinds.ts';
import type { Parameter } from './parameter.ts';
import { parameters } from './parameters.ts';

export type Changed = (server: Server, name: string) => void;

/** Refuses a value that is fine in itself; returns the reason. */
export type Check = (value: ParameterValue, before: ParameterValue) => string | undefined;

const byName = new Map(parameters.flatMap((parameter) => names(parameter).map((name) => [name, parameter] as const)));
const KEY = Symbol('config');

/** The configuration that belongs to a server. */
export function configOf(server: Server): Config {
  let config = server.extras.get(KEY) as Config | undefined;
  if (config === undefined) server.extras.set(KEY, (config = new Config(server)));
  return config;
}

/** By name or older name, in any case of letters. */
export function findParameter(name: string): Parameter | undefined {
  return byName.get(name.toLowerCase());
}

export class Config {
  readonly server: Server;
  /** The file that CONFIG REWRITE writes. */
  file: string | undefined = undefined;
  readonly values = new Map<string, ParameterValue>();
  readonly listeners = new Map<string, Changed[]>();
  readonly checks = new Map<string, Check>();
  readonly applies = new Map<string, Check>();
  /** Lines of directives that are no parameters, for CONFIG REWRITE. */
  readonly extraLines = new Map<string, () => readonly string[]>();

  constructor(server: Server) {
    this.server = server;
  }

  /** A parameter's value, by its present name. */
  value(name: string): ParameterValue {
    const parameter = byName.get(name)!;
    if (parameter.bound !== undefined) return parameter.bound.get(this.server.settings);
    return this.values.get(name) ?? parameter.initial;
  }

  /** As CONFIG GET answers it. */
  text(name: string): string {
    return byName.get(name)!.kind.format(this.value(name));
  }

  /** Names and values that any of the patterns names; an exact name is answered as it was asked for. */
  match(patterns: readonly string[]): Map<string, string> {
    const found = new Map<string, string>();
    for (const pattern of patterns) {
      if (!/[[*?]/.test(pattern)) {
        const parameter = findParameter(pattern);
        if (parameter !== undefined) found.set(pattern, this.text(parameter.name));
        continue;
      }
      for (const [name, parameter] of byName) {
        if (parameter.hidden !== true && matchGlob(pattern, name, true)) found.set(name, this.text(parameter.name));
      }
    }
    return found;
  }

  /** Hear of changes to a parameter. */
  onChange(name: string, changed: Changed): void {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), changed]);
  }

  /** Let `check` refuse values that depend on more than themselves. */
  addCheck(name: string, check: Check): void {
    this.checks.set(name, check);
  }

  /** Put a parameter's new value into force once all that is set with it is known to be fine; it may still fail. */
  addApply(name: string, apply: Check): void {
    this.applies.set(name, apply);
  }

  /** Set all or nothing. Throws ConfigError for the first that cannot be set. */
  set(pairs: readonly (readonly [name: string, value: string])[], mayChange: (parameter: Parameter) => boolean): void {
    const wanted = pairs.map(([name]) => this.settable(name, mayChange));
    const given = pairs.map(([name]) => name.toLowerCase());
    for (const [i, name] of given.entries()) {
      if (given.indexOf(name) !== i) throw new ConfigError(pairs[i]![0], 'duplicate parameter');
    }
    const before = wanted.map(({ name }) => this.value(name));
    for (const [i, parameter] of wanted.entries()) {
      try {
        this.store(parameter, parameter.kind.parse(pairs[i]![1]));
        const reason = this.checks.get(parameter.name)?.(this.value(parameter.name), before[i]!);
        if (reason !== undefined) throw new InvalidValue(reason);
      } catch (error) {
        for (let k = 0; k <= i; k++) this.store(wanted[k]!, before[k]!);
        throw asConfigError(pairs[i]![0], error);
      }
    }
    this.apply(wanted, before, given);
    for (const { name } of wanted) this.tell(name);
  }

  /** Where one fails, those before it are put back as well. */
  apply(wanted: readonly Parameter[], before: readonly ParameterValue[], given: readonly string[]): void {
    for (const [i, { name }] of wanted.entries()) {
      const reason = this.applies.get(name)?.(this.value(name), before[i]!);
      if (reason === undefined) continue;
      const values = wanted.map((parameter) => this.value(parameter.name));
      for (const [k, parameter] of wanted.entries()) this.store(parameter, before[k]!);
      for (let k = 0; k < i; k++) this.applies.get(wanted[k]!.name)?.(before[k]!, values[k]!);
      throw new ConfigError(given[i]!, reason);
    }
  }

  /** Set from a configuration file or command line, where immutable parameters may be set too. */
  load(name: string, value: string): void {
    const parameter = findParameter(name);
    if (parameter === undefined) throw new ConfigError(name, 'Bad directive or wrong number of arguments');
    try {
      this.store(parameter, parameter.kind.parse(value));
    } catch (error) {
      throw asConfigError(name, error);
    }
    this.tell(parameter.name);
  }

  tell(name: string): void {
    for (const listener of this.listeners.get(name) ?? []) listener(this.server, name);
  }

  settable(name: string, mayChange: (parameter: Parameter) => boolean): Parameter {
    const parameter = findParameter(name);
    if (parameter === undefined) throw new ConfigError(name, undefined);
    if (parameter.immutable === true) throw new ConfigError(name, "can't set immutable config");
    if (!mayChange(parameter)) throw new ConfigError(name, "can't set protected config");
    return parameter;
  }

  store(parameter: Parameter, value: ParameterValue): void {
    if (parameter.bound === undefined) this.values.set(parameter.name, value);
    else parameter.bound.set(this.server.settings, value);
  }
}

/** Why a parameter was not set. Without a reason: there is no such parameter. */
export class ConfigError {
  readonly parameter: string;
  readonly reason: string | undefined;

  constructor(parameter: string, reason: string | undefined) {
    this.parameter = parameter;
    this.reason = reason;
  }
}

function asConfigError(name: string, error: unknown): unknown {
  return error instanceof InvalidValue ? new ConfigError(name, error.reason) : error;
}

function names({ name, alias }: Parameter): string[] {
  return alias === undefined ? [name] : [name, alias];
}
