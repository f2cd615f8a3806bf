// A Lua syntax tree to JavaScript source.
//
// Script text never reaches the source: it holds names made here (`v3`, `t1`, `k7`), numbers printed here, and nothing
// else. Every string, every known global and every place for error messages is an entry of the constants array.
//
// Functions become functions with positional parameters. Where the chunk speaks of coroutines each gets a twin, a
// generator, so that it can be suspended; deep inside only the generator is made, and driven where a function is wanted,
// so that the source does not double with each level.

import type { Block, Call, Expression, FunctionBody, Local, Statement } from './ast.ts';
import { Site } from './machine.ts';
import { LuaTable } from './table.ts';
import type { LuaValue } from './values.ts';

export interface Generated {
  readonly source: string;
  readonly constants: readonly unknown[];
  /** Does it define functions, which may recurse? */
  readonly hasFunctions: boolean;
}

export interface GenerateOptions {
  /** Globals: what is read-only there is known now. */
  readonly globals: LuaTable;
  /** Added to lines, so that they say the chunk as well. */
  readonly base: number;
  /** Its first run sees globals of its own (`redis` among them): a library while it is loaded. */
  readonly library: boolean;
  /** Make functions that can be suspended. */
  readonly twins: boolean;
}

const MAX_TWIN_DEPTH = 3;
const ARITHMETIC: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '%': 'mod',
  '^': 'pow',
};
const COMPARISON: Readonly<Record<string, string>> = { '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' };
const PER_CALL = new Set(['KEYS', 'ARGV']);

export function generate(main: FunctionBody, options: GenerateOptions): Generated {
  const generator = new Generator(options);
  const body = generator.functionSource(main);
  const constants = generator.constants.map((_, i) => `k${i}=K[${i}]`);
  const declared = constants.length > 0 ? `const ${constants.join(',')};` : '';
  return {
    source: `'use strict';const {${HELPER_NAMES.join(',')}}=H;${declared}return ${body};`,
    constants: generator.constants,
    hasFunctions: generator.hasFunctions,
  };
}

/** What generated code may call besides Lua functions. */
export const HELPER_NAMES = [
  'one',
  'many',
  'index',
  'field',
  'store',
  'storeField',
  'method',
  'callable',
  'global',
  'storeGlobal',
  'add',
  'sub',
  'mul',
  'div',
  'mod',
  'pow',
  'lt',
  'le',
  'gt',
  'ge',
  'same',
  'minus',
  'size',
  'concat',
  'table',
  'tableWith',
  'number',
  'iterate',
  'go',
  'twin',
  'driven',
  'floor',
  'NONE',
] as const;

class Generator {
  readonly options: GenerateOptions;
  readonly constants: unknown[] = [];
  readonly strings = new Map<unknown, string>();
  hasFunctions = false;
  body!: FunctionBody;
  suspendable = false;
  depth = 0;
  temps = 0;
  maxTemps = 0;
  loops = 0;

  constructor(options: GenerateOptions) {
    this.options = options;
  }

  // Names and constants.

  constant(value: unknown): string {
    let known = this.strings.get(value);
    if (known === undefined) {
      known = `k${this.constants.push(value) - 1}`;
      this.strings.set(value, known);
    }
    return known;
  }

  site(line: number, left?: Expression, right?: Expression): string {
    return `k${this.constants.push(new Site(this.options.base + line, this.describe(left), this.describe(right))) - 1}`;
  }

  line(line: number): number {
    return this.options.base + line;
  }

  /** How error messages name an operand. */
  describe(e: Expression | undefined): string {
    switch (e?.kind) {
      case 'local':
        return `${e.local.owner === this.body ? 'local' : 'upvalue'} '${e.local.name}'`;
      case 'global':
        return `global '${e.name}'`;
      case 'index':
        return `field '${e.key.kind === 'string' ? e.key.value : '?'}'`;
      case 'group':
        return this.describe(e.inner);
      default:
        return '';
    }
  }

  temp(): string {
    this.temps++;
    if (this.temps > this.maxTemps) this.maxTemps = this.temps;
    return `t${this.temps}`;
  }

  /** A value that a constant of the globals has; they never change. */
  known(e: Expression): LuaValue {
    const { globals } = this.options;
    if (e.kind === 'global') {
      if (!globals.readonly || PER_CALL.has(e.name)) return undefined;
      if (this.options.library && (this.body.parent === undefined || e.name === 'redis')) return undefined;
      return globals.field(e.name);
    }
    if (e.kind === 'index' && e.key.kind === 'string') {
      const object = this.known(e.object);
      if (object instanceof LuaTable && object.readonly && object.meta === undefined) return object.field(e.key.value);
    }
    return undefined;
  }

  // Functions.

  functionSource(body: FunctionBody): string {
    if (!this.options.twins) return this.oneSource(body, false);
    if (this.depth > MAX_TWIN_DEPTH) return `driven(${this.oneSource(body, true)})`;
    return `twin(${this.oneSource(body, false)},${this.oneSource(body, true)})`;
  }

  oneSource(body: FunctionBody, suspendable: boolean): string {
    const outer = { body: this.body, suspendable: this.suspendable, temps: this.temps, maxTemps: this.maxTemps };
    this.body = body;
    this.suspendable = suspendable;
    this.temps = 0;
    this.maxTemps = 0;
    this.depth++;
    if (body.parent !== undefined) this.hasFunctions = true;
    const parameters = body.parameters.map((local) => name(local));
    if (body.variadic) parameters.push('...rest');
    const block = this.block(body.block);
    const temps = Array.from({ length: this.maxTemps }, (_, i) => `t${i + 1}`);
    const prologue = [
      this.fuel(body.block[0]?.line ?? body.lastLine),
      body.wantsCaller ? 'const caller=M.line;' : '',
      temps.length > 0 ? `let ${temps.join(',')};` : '',
    ].join('');
    this.depth--;
    Object.assign(this, outer);
    return `function${suspendable ? '*' : ''}(${parameters.join(',')}){${prologue}${block}return NONE;}`;
  }

  fuel(line: number): string {
    return `if(--M.fuel<0)M.tick(${this.line(line)});`;
  }

  // Statements.

  block(block: Block): string {
    return block.map((statement) => this.statement(statement)).join('');
  }

  statement(s: Statement): string {
    this.temps = 0;
    switch (s.kind) {
      case 'local':
        return this.localStatement(s.locals, s.values);
      case 'local function':
        return `let ${name(s.local)};${name(s.local)}=${this.functionSource(s.body)};`;
      case 'assign':
        return this.assign(s.targets, s.values, s.line);
      case 'call':
        return `${this.call(s.call)};`;
      case 'do':
        return `{${this.block(s.block)}}`;
      case 'while':
        return `while(${this.condition(s.condition)}){${this.fuel(s.line)}${this.block(s.block)}}`;
      case 'repeat': {
        const block = this.block(s.block);
        const last = s.block.at(-1)?.kind;
        // Nothing may follow a jump: the condition's names may not exist there.
        if (last === 'return' || last === 'break') return `while(true){${this.fuel(s.line)}${block}}`;
        this.temps = 0;
        return `while(true){${this.fuel(s.line)}${block}if(${this.condition(s.condition)})break;}`;
      }
      case 'if': {
        const branches = s.branches.map(({ condition, block }) => {
          this.temps = 0;
          return `if(${this.condition(condition)}){${this.block(block)}}`;
        });
        return branches.join('else ') + (s.otherwise === undefined ? '' : `else{${this.block(s.otherwise)}}`);
      }
      case 'count':
        return this.countLoop(s);
      case 'each':
        return this.eachLoop(s);
      case 'return':
        return this.returnStatement(s.values);
      case 'break':
        return 'break;';
    }
  }

  localStatement(locals: readonly Local[], values: readonly Expression[]): string {
    const last = values.at(-1);
    if (last !== undefined && isMulti(last) && values.length < locals.length) {
      const fixed = values.slice(0, -1).map((value, i) => `let ${name(locals[i]!)}=${this.value(value)};`);
      const temp = this.temp();
      const rest = locals.slice(values.length - 1).map((local, i) => `${name(local)}=${temp}[${i}]`);
      return `${fixed.join('')}${temp}=${this.list(last)};let ${rest.join(',')};`;
    }
    const parts = values.map((value, i) =>
      i < locals.length ? `let ${name(locals[i]!)}=${this.value(value)};` : `${this.value(value)};`,
    );
    for (const local of locals.slice(values.length)) parts.push(`let ${name(local)};`);
    return parts.join('');
  }

  assign(targets: readonly Expression[], values: readonly Expression[], line: number): string {
    if (targets.length === 1 && values.length === 1) {
      const target = targets[0]!;
      if (target.kind === 'index') {
        const { before, sources } = this.operands([target.object, target.key, values[0]!]);
        const [object, key, value] = sources;
        return `${before}${this.store(target, object!, key!, value!, line)};`;
      }
      return `${this.storeName(target, this.value(values[0]!), line)};`;
    }
    const parts: string[] = [];
    const stores: string[] = [];
    const places = targets.map((target) => {
      if (target.kind !== 'index') return [];
      const object = this.temp();
      parts.push(`${object}=${this.value(target.object)};`);
      if (target.key.kind === 'string') return [object, this.constant(target.key.value)];
      const key = this.temp();
      parts.push(`${key}=${this.value(target.key)};`);
      return [object, key];
    });
    const results: string[] = [];
    for (const [i, value] of values.entries()) {
      const temp = this.temp();
      const spreads = i === values.length - 1 && isMulti(value) && targets.length > values.length;
      parts.push(`${temp}=${spreads ? this.list(value) : this.value(value)};`);
      if (!spreads) results.push(temp);
      else for (let k = 0; k <= targets.length - values.length; k++) results.push(`${temp}[${k}]`);
    }
    for (const [i, target] of targets.entries()) {
      const value = results[i] ?? 'undefined';
      const [object, key] = places[i]!;
      stores.unshift(
        object === undefined ? this.storeName(target, value, line) : this.store(target, object, key!, value, line),
      );
    }
    return `${parts.join('')}${stores.join(';')};`;
  }

  /** Operands of a store, evaluated in order; temps only where a later one could disturb an earlier one. */
  operands(list: readonly Expression[]): { readonly before: string; readonly sources: readonly string[] } {
    const complex = list.map((e) => !isSimple(e));
    let before = '';
    const sources = list.map((e, i) => {
      const source = e.kind === 'string' ? this.constant(e.value) : this.value(e);
      if (!complex.slice(i + 1).includes(true) || e.kind === 'string' || e.kind === 'number') return source;
      const temp = this.temp();
      before += `${temp}=${source};`;
      return temp;
    });
    return { before, sources };
  }

  store(target: Expression, object: string, key: string, value: string, line: number): string {
    if (target.kind !== 'index') return '';
    const site = this.site(line, target.object);
    return target.key.kind === 'string'
      ? `storeField(${object},${key},${value},${site})`
      : `store(${object},${key},${value},${site})`;
  }

  storeName(target: Expression, value: string, line: number): string {
    if (target.kind === 'local') return `${name(target.local)}=${value}`;
    return `storeGlobal(${this.constant(target.kind === 'global' ? target.name : '')},${value},${this.site(line)})`;
  }

  countLoop(s: Extract<Statement, { kind: 'count' }>): string {
    const n = this.loops++;
    const constantStep = s.step === undefined ? 1 : s.step.kind === 'number' ? s.step.value : undefined;
    const site = this.site(s.line);
    const head = [
      `let i${n}=number(${this.value(s.from)},'initial value',${site})`,
      `n${n}=number(${this.value(s.to)},'limit',${site})`,
    ];
    let test = `i${n}<=n${n}`;
    let step = '1';
    if (constantStep === undefined) {
      head.push(`s${n}=number(${this.value(s.step!)},'step',${site})`);
      test = `s${n}>0?i${n}<=n${n}:i${n}>=n${n}`;
      step = `s${n}`;
    } else {
      step = numeral(constantStep);
      if (!(constantStep > 0)) test = `i${n}>=n${n}`;
    }
    return `for(${head.join(',')};${test};i${n}+=${step}){${this.fuel(s.line)}let ${name(s.local)}=i${n};${this.block(s.block)}}`;
  }

  eachLoop(s: Extract<Statement, { kind: 'each' }>): string {
    const n = this.loops++;
    const site = this.site(s.line);
    const values =
      s.values.length === 1 && isMulti(s.values[0]!) ? this.list(s.values[0]!) : `[${this.arguments(s.values)}]`;
    const locals = s.locals.map(
      (local, i) => `${name(local)}=${['e.key', 'e.value'][i]?.replace('e', `e${n}`) ?? `e${n}.rest[${i}]`}`,
    );
    return `{const e${n}=iterate(${values},${site});while(e${n}.step()){${this.fuel(s.line)}let ${locals.join(',')};${this.block(s.block)}}}`;
  }

  returnStatement(values: readonly Expression[]): string {
    if (values.length === 0) return 'return NONE;';
    const only = values[0]!;
    if (values.length > 1) return `return [${this.arguments(values)}];`;
    if (only.kind === 'varargs') return 'return rest;';
    return `return ${only.kind === 'call' ? this.call(only) : this.value(only)};`;
  }

  // Expressions.

  /** A list of values for a call or constructor: the last one spreads. */
  arguments(values: readonly Expression[]): string {
    return values
      .map((value, i) => (i === values.length - 1 && isMulti(value) ? `...${this.list(value)}` : this.value(value)))
      .join(',');
  }

  /** All values of a call or of `...`, as an array. */
  list(e: Expression): string {
    if (e.kind === 'varargs') return 'rest';
    return e.kind === 'call' ? `many(${this.call(e)})` : `[${this.value(e)}]`;
  }

  /** JavaScript for exactly one value. */
  value(e: Expression): string {
    switch (e.kind) {
      case 'nil':
        return 'undefined';
      case 'true':
      case 'false':
        return e.kind;
      case 'number':
        return numeral(e.value);
      case 'string':
        return this.constant(e.value);
      case 'varargs':
        return 'rest[0]';
      case 'local':
        return name(e.local);
      case 'global':
        return this.globalValue(e.name, e.line);
      case 'index':
        return this.indexValue(e);
      case 'call':
        return `one(${this.call(e)})`;
      case 'function':
        return this.functionSource(e.body);
      case 'group':
        return this.value(e.inner);
      case 'table':
        return this.tableValue(e);
      case 'unary':
        return this.unary(e);
      case 'binary':
        return this.binary(e);
    }
  }

  globalValue(global: string, line: number): string {
    const known = this.known({ kind: 'global', name: global, line });
    if (known !== undefined) return this.constant(known);
    const lookup = `global(${this.constant(global)},${this.site(line)})`;
    if (!PER_CALL.has(global)) return lookup;
    const slot = global === 'KEYS' ? 'M.keys' : 'M.argv';
    return `(${slot}!==undefined?${slot}:${lookup})`;
  }

  indexValue(e: Extract<Expression, { kind: 'index' }>): string {
    const known = this.known(e);
    if (known !== undefined) return this.constant(known);
    const site = this.site(e.line, e.object);
    if (e.key.kind === 'string') return `field(${this.value(e.object)},${this.constant(e.key.value)},${site})`;
    return `index(${this.value(e.object)},${this.value(e.key)},${site})`;
  }

  tableValue(e: Extract<Expression, { kind: 'table' }>): string {
    const items = this.arguments(e.items);
    if (e.fields.length === 0) return items === '' ? 'table([])' : `table([${items}])`;
    const fields = e.fields.map(({ key, value }) => `${this.value(key)},${this.value(value)}`);
    return `tableWith([${items}],[${fields.join(',')}],${this.site(e.line)})`;
  }

  unary(e: Extract<Expression, { kind: 'unary' }>): string {
    if (e.operator === 'not') return `!(${this.condition(e.operand)})`;
    if (e.operator === '-' && e.operand.kind === 'number') return numeral(-e.operand.value);
    const { temps } = this;
    const site = this.site(e.line, e.operand);
    if (e.operator === '#' && e.operand.kind === 'number') return `size(${this.value(e.operand)},${site})`;
    const [operand, prepare] = this.hold(e.operand);
    this.temps = temps;
    if (e.operator === '-') return `(${prepare}typeof ${operand}==='number'?-${operand}:minus(${operand},${site}))`;
    return `(${prepare}typeof ${operand}==='string'?${operand}.length:size(${operand},${site}))`;
  }

  /** An operand that may be mentioned twice, and what has to be evaluated first. */
  hold(e: Expression): [source: string, prepare: string] {
    if (e.kind === 'local' || e.kind === 'number' || e.kind === 'string') return [this.value(e), ''];
    const source = this.value(e);
    const temp = this.temp();
    return [temp, `${temp}=${source},`];
  }

  binary(e: Extract<Expression, { kind: 'binary' }>): string {
    const { operator, left, right } = e;
    if (operator === 'and' || operator === 'or') return this.logical(e);
    if (operator === '==' || operator === '~=') return this.equality(e);
    const { temps } = this;
    const [a, first] = this.hold(left);
    const [b, second] = this.hold(right);
    this.temps = temps;
    const site = this.site(e.line, left, right);
    const prepare = first + second;
    if (operator === '..') {
      const strings = [
        left.kind === 'string' ? '' : `typeof ${a}==='string'`,
        right.kind === 'string' ? '' : `typeof ${b}==='string'`,
      ].filter((test) => test !== '');
      if (strings.length === 0) return `(${a}+${b})`;
      return `(${prepare}${strings.join('&&')}?${a}+${b}:concat(${a},${b},${site}))`;
    }
    const tests = [
      left.kind === 'number' ? '' : `typeof ${a}==='number'`,
      right.kind === 'number' ? '' : `typeof ${b}==='number'`,
    ].filter((test) => test !== '');
    const guard = tests.length === 0 ? 'true' : tests.join('&&');
    const comparison = COMPARISON[operator];
    if (comparison !== undefined) return `(${prepare}${guard}?${a}${operator}${b}:${comparison}(${a},${b},${site}))`;
    const slow = `${ARITHMETIC[operator]}(${a},${b},${site})`;
    if (operator === '^') return `(${prepare}${slow})`;
    const fast = operator === '%' ? `${a}-floor(${a}/${b})*${b}` : `${a}${operator} ${b}`;
    return `(${prepare}${guard}?${fast}:${slow})`;
  }

  logical(e: Extract<Expression, { kind: 'binary' }>): string {
    const { temps } = this;
    if (isBoolean(e.left) && isBoolean(e.right)) {
      return `(${this.condition(e.left)}${e.operator === 'and' ? '&&' : '||'}${this.condition(e.right)})`;
    }
    const [a, prepare] = this.hold(e.left);
    const test = isBoolean(e.left) ? `${a}` : `${a}!==undefined&&${a}!==false`;
    const b = this.value(e.right);
    this.temps = temps;
    return e.operator === 'and' ? `(${prepare}(${test})?${b}:${a})` : `(${prepare}(${test})?${a}:${b})`;
  }

  equality(e: Extract<Expression, { kind: 'binary' }>): string {
    const { temps } = this;
    const [a, first] = this.hold(e.left);
    const [b, second] = this.hold(e.right);
    this.temps = temps;
    const plain = isScalar(e.left) || isScalar(e.right);
    const test = plain ? `${a}===${b}` : `${a}===${b}||same(${a},${b})`;
    return e.operator === '==' ? `(${first}${second}${test})` : `(${first}${second}!(${test}))`;
  }

  /** JavaScript that is truthy when the Lua value is. */
  condition(e: Expression): string {
    if (e.kind === 'true' || e.kind === 'number' || e.kind === 'string') return 'true';
    if (e.kind === 'nil' || e.kind === 'false') return 'false';
    if (e.kind === 'group') return this.condition(e.inner);
    if (e.kind === 'binary' && (e.operator === 'and' || e.operator === 'or')) {
      return `(${this.condition(e.left)}${e.operator === 'and' ? '&&' : '||'}${this.condition(e.right)})`;
    }
    if (isBoolean(e)) return this.value(e);
    const { temps } = this;
    const [a, prepare] = this.hold(e);
    this.temps = temps;
    return `(${prepare}${a}!==undefined&&${a}!==false)`;
  }

  /** A call with all its results. */
  call(e: Call): string {
    const { temps } = this;
    const { line } = e;
    const { args } = e;
    const at = e.method === undefined ? this.line(line) : -this.line(line);
    const marks = this.marksCaller(e) ? `M.caller=caller,M.line=${at}` : `M.line=${at}`;
    const nested = args.some((arg) => mayCall(arg));
    let object = '';
    let callee: string;
    if (e.method !== undefined) {
      const holder = this.temp();
      object = holder;
      const found = this.temp();
      const site = this.site(line, e.callee);
      const value = this.value(e.callee);
      const missing = `k${this.constants.push(new Site(this.line(line), `method '${e.method}'`, '')) - 1}`;
      callee = `${holder}=${value},${found}=method(${holder},${this.constant(e.method)},${site}),typeof ${found}==='function'?${found}:callable(${found},${missing})`;
    } else {
      const known = this.known(e.callee);
      if (typeof known === 'function') callee = this.constant(known);
      else {
        const [found, prepare] = this.hold(e.callee);
        callee = `${prepare}typeof ${found}==='function'?${found}:callable(${found},${this.site(line, e.callee)})`;
      }
    }
    const parts = args.map((arg, i) =>
      i === args.length - 1 && isMulti(arg) ? `...${this.list(arg)}` : this.value(arg),
    );
    if (nested) {
      const last = parts.pop()!;
      const temp = this.temp();
      parts.push(
        last.startsWith('...')
          ? `...(${temp}=${last.slice(3)},${marks},${temp})`
          : `(${temp}=${last},${marks},${temp})`,
      );
    }
    if (object !== '') parts.unshift(object);
    this.temps = temps;
    const head = nested ? `(${callee})` : `(${marks},${callee})`;
    if (this.suspendable) return `(yield* go(${head},[${parts.join(',')}]))`;
    return `${head}(${parts.join(',')})`;
  }

  marksCaller(e: Call): boolean {
    return this.body.wantsCaller && e.callee.kind === 'global' && e.callee.name === 'error';
  }
}

function name(local: Local): string {
  return `v${local.id}`;
}

function numeral(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return 'Infinity';
  if (value < 0 || Object.is(value, -0)) return `(-${numeral(-value)})`;
  return String(value);
}

function isMulti(e: Expression): boolean {
  return e.kind === 'call' || e.kind === 'varargs';
}

function isSimple(e: Expression): boolean {
  return ['local', 'number', 'string', 'nil', 'true', 'false'].includes(e.kind);
}

function isScalar(e: Expression): boolean {
  return ['number', 'string', 'nil', 'true', 'false'].includes(e.kind);
}

function isBoolean(e: Expression): boolean {
  if (e.kind === 'true' || e.kind === 'false') return true;
  if (e.kind === 'unary') return e.operator === 'not';
  return e.kind === 'binary' && (e.operator in COMPARISON || e.operator === '==' || e.operator === '~=');
}

function mayCall(e: Expression): boolean {
  switch (e.kind) {
    case 'call':
      return true;
    case 'index':
      return mayCall(e.object) || mayCall(e.key);
    case 'binary':
      return mayCall(e.left) || mayCall(e.right);
    case 'unary':
      return mayCall(e.operand);
    case 'group':
      return mayCall(e.inner);
    case 'table':
      return e.items.some(mayCall) || e.fields.some(({ key, value }) => mayCall(key) || mayCall(value));
    default:
      return false;
  }
}
