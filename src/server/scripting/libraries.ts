// Libraries of functions: loaded from text, called by name, listed, dumped.

import type { Server } from '../server.ts';
import { fail } from '../errors.ts';
import type { Scripting } from './engine.ts';
import { splitInline } from '../net/inline.ts';
import { compile } from './lua/compile.ts';
import { asLuaError } from './lua/helpers.ts';
import { LuaSyntaxError } from './lua/lexer.ts';
import { formatNumber } from './lua/numbers.ts';
import { LuaTable } from './lua/table.ts';
import { LuaError, NOTHING } from './lua/values.ts';
import type { LuaFunction, LuaValue } from './lua/values.ts';
import { errorTable } from './invoker.ts';
import { errorText } from './redis-library.ts';
import { SCRIPT_FLAGS } from './shebang.ts';

export interface Library {
  readonly name: string;
  readonly code: string;
  readonly functions: Map<string, RegisteredFunction>;
}

export interface RegisteredFunction {
  readonly name: string;
  readonly callback: LuaFunction;
  readonly description: string | undefined;
  readonly flags: number;
  readonly library: Library;
}

const NAME_RULE =
  'Library names can only contain letters, numbers, or underscores(_) and must be at least one character long';
const REGISTER = 'redis.register_function';

export class Libraries {
  readonly scripting: Scripting;
  readonly server: Server;
  readonly byName = new Map<string, Library>();
  /** By name in lower case. */
  readonly functions = new Map<string, RegisteredFunction>();
  /** The library that is being loaded. */
  loading: Library | undefined = undefined;

  constructor(scripting: Scripting) {
    this.scripting = scripting;
    this.server = scripting.server;
  }

  /** Load a library; returns its name. Throws CommandError and then changes nothing. */
  load(code: string, replace: boolean): string {
    const { name } = parseMetadata(code);
    if (!replace && this.byName.has(name)) return fail(`ERR Library '${name}' already exists`);
    const library = this.compile(code);
    this.admit(library);
    this.remove(library.name);
    this.add(library);
    return library.name;
  }

  /** Run a library's text and take what it registers. */
  compile(code: string): Library {
    const { scripting } = this;
    const { machine } = scripting;
    const { name, body } = parseMetadata(code);
    const library: Library = { name, code, functions: new Map() };
    this.loading = library;
    scripting.environment = scripting.loadEnvironment;
    machine.line = 0;
    scripting.watchdog.begin(undefined);
    try {
      compile(machine, body, '@user_function', scripting.globals, scripting.helpers, true).run();
    } catch (error) {
      if (error instanceof LuaSyntaxError) return fail(`ERR Error compiling function: ${error.message}`);
      const known = asLuaError(error, machine.line);
      if (known === undefined) throw error;
      const { value } = known;
      const err = value instanceof LuaTable ? value.field('err') : undefined;
      const text = typeof err === 'string' ? err : `ERR ${errorText(value)}`;
      return fail(`ERR Error registering functions: ${text}`);
    } finally {
      this.loading = undefined;
      scripting.environment = scripting.globals;
      scripting.watchdog.end();
    }
    if (library.functions.size === 0) return fail('ERR No functions registered');
    return library;
  }

  /** No other library may have functions of these names. */
  admit(library: Library): void {
    for (const name of library.functions.keys()) {
      const other = this.functions.get(name.toLowerCase());
      if (other !== undefined && other.library.name !== library.name) fail(`ERR Function ${name} already exists`);
    }
  }

  add(library: Library): void {
    this.byName.set(library.name, library);
    for (const [name, registered] of library.functions) this.functions.set(name.toLowerCase(), registered);
  }

  remove(name: string): boolean {
    const library = this.byName.get(name);
    if (library === undefined) return false;
    this.byName.delete(name);
    for (const registered of library.functions.keys()) this.functions.delete(registered.toLowerCase());
    return true;
  }

  clear(): void {
    this.byName.clear();
    this.functions.clear();
  }

  /** Load several at once: all or none. */
  restore(codes: readonly string[], policy: 'append' | 'replace' | 'flush'): void {
    const loaded = codes.map((code) => this.compile(code));
    const before = [...this.byName.values()];
    try {
      if (policy === 'flush') this.clear();
      for (const library of loaded) {
        if (policy !== 'replace' && this.byName.has(library.name)) fail(`ERR Library ${library.name} already exists`);
        this.remove(library.name);
        this.admit(library);
        this.add(library);
      }
    } catch (error) {
      this.clear();
      for (const library of before) this.add(library);
      throw error;
    }
  }

  /** `redis.register_function`. */
  readonly register: LuaFunction = (...args) => {
    const library = this.loading;
    const refuse = (message: string): never => {
      throw new LuaError(errorTable(`ERR ${message}`), this.scripting.machine.line);
    };
    if (library === undefined) return refuse(`${REGISTER} can only be called on FUNCTION LOAD command`);
    if (args.length < 1 || args.length > 2) return refuse(`wrong number of arguments to ${REGISTER}`);
    const given = args.length === 1 ? named(args[0], refuse) : positional(args, refuse);
    if (!/^\w+$/.test(given.name)) return refuse(NAME_RULE);
    if (library.functions.has(given.name)) return refuse('Function already exists in the library');
    library.functions.set(given.name, { ...given, library });
    return NOTHING;
  };
}

type Given = Omit<RegisteredFunction, 'library'>;
type Refuse = (message: string) => never;

function positional([name, callback]: readonly LuaValue[], refuse: Refuse): Given {
  const text = textOf(name);
  if (text === undefined) return refuse(`first argument to ${REGISTER} must be a string`);
  if (typeof callback !== 'function') return refuse(`second argument to ${REGISTER} must be a function`);
  return { name: text, callback: callback as LuaFunction, description: undefined, flags: 0 };
}

function named(table: LuaValue, refuse: Refuse): Given {
  if (!(table instanceof LuaTable)) {
    return refuse(
      `calling ${REGISTER} with a single argument is only applicable to Lua table (representing named arguments).`,
    );
  }
  let name: string | undefined;
  let description: string | undefined;
  let callback: LuaFunction | undefined;
  let flags = 0;
  for (let found = table.next(undefined); typeof found !== 'string'; found = table.next(found[0])) {
    const [key, value] = found;
    if (typeof key !== 'string') return refuse(`unknown argument given to ${REGISTER}`);
    if (key === 'function_name') {
      name = textOf(value) ?? refuse(`function_name argument given to ${REGISTER} must be a string`);
    } else if (key === 'description') {
      description = textOf(value) ?? refuse(`description argument given to ${REGISTER} must be a string`);
    } else if (key === 'callback') {
      if (typeof value !== 'function') return refuse(`callback argument given to ${REGISTER} must be a function`);
      callback = value as LuaFunction;
    } else if (key === 'flags') {
      if (!(value instanceof LuaTable)) {
        return refuse(`flags argument to ${REGISTER} must be a table representing function flags`);
      }
      for (const flag of value.list) {
        const bit = typeof flag === 'string' && Object.hasOwn(SCRIPT_FLAGS, flag) ? SCRIPT_FLAGS[flag] : undefined;
        flags |= bit ?? refuse('unknown flag given');
      }
    } else return refuse(`unknown argument given to ${REGISTER}`);
  }
  if (name === undefined) return refuse(`${REGISTER} must get a function name argument`);
  if (callback === undefined) return refuse(`${REGISTER} must get a callback argument`);
  return { name, callback, description, flags };
}

function textOf(value: LuaValue): string | undefined {
  return typeof value === 'number' ? formatNumber(value) : typeof value === 'string' ? value : undefined;
}

/** The first line: engine and name. What follows keeps the line's end, so that lines keep their numbers. */
function parseMetadata(code: string): { readonly name: string; readonly body: string } {
  if (!code.startsWith('#!')) return fail('ERR Missing library metadata');
  const end = code.indexOf('\n');
  if (end < 0) return fail('ERR Invalid library metadata');
  const words = splitInline(code.slice(0, end));
  if (words === undefined) return fail('ERR Invalid library metadata');
  const [first = '', ...parts] = words;
  const engine = first.slice(2);
  let name: string | undefined;
  for (const part of parts) {
    if (!/^name=/i.test(part)) return fail(`ERR Invalid metadata value given: ${part}`);
    if (name !== undefined) return fail('ERR Invalid metadata value, name argument was given multiple times');
    name = part.slice('name='.length);
  }
  if (name === undefined) return fail('ERR Library name was not given');
  if (!/^\w+$/.test(name)) return fail(`ERR ${NAME_RULE}`);
  if (engine.toLowerCase() !== 'lua') return fail(`ERR Engine '${engine}' not found`);
  return { name, body: code.slice(end) };
}
