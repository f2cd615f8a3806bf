// JSON text to Lua values, with cjson's own complaints.

import type { Machine } from '../machine.ts';
import { numberFromText } from '../lexer.ts';
import { LuaTable } from '../table.ts';
import type { LuaUserdata, LuaValue } from '../values.ts';
import type { JsonConfig } from './cjson.ts';

type Token =
  | 'T_OBJ_BEGIN'
  | 'T_OBJ_END'
  | 'T_ARR_BEGIN'
  | 'T_ARR_END'
  | 'T_STRING'
  | 'T_NUMBER'
  | 'T_BOOLEAN'
  | 'T_NULL'
  | 'T_COLON'
  | 'T_COMMA'
  | 'T_END'
  | 'T_ERROR';

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const NUMBER =
  /[+-]?(?:0[xX][\da-fA-F]+(?:\.[\da-fA-F]*)?(?:[pP][+-]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)/iy;
/** What every JSON writer writes. */
const SIMPLE = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\d.xXpPeE])/y;
const PLAIN = /[^"\\]*/y;

export class JsonDecoder {
  readonly machine: Machine;
  readonly config: JsonConfig;
  readonly text: string;
  readonly nothing: LuaUserdata;
  at = 0;
  token: Token = 'T_END';
  value: LuaValue = undefined;
  /** Where the token begins. */
  begin = 0;
  problem = '';
  depth = 0;

  constructor(machine: Machine, config: JsonConfig, text: string, nothing: LuaUserdata) {
    this.machine = machine;
    this.config = config;
    this.text = text;
    this.nothing = nothing;
  }

  decode(): LuaValue {
    const { text, machine } = this;
    if (text.length >= 2 && (text[0] === '\0' || text[1] === '\0')) {
      return machine.fail('JSON parser does not support UTF-16 or UTF-32');
    }
    machine.spend(text.length);
    this.next();
    const value = this.parse();
    this.next();
    if (this.token !== 'T_END') this.expected('the end');
    return value;
  }

  parse(): LuaValue {
    switch (this.token) {
      case 'T_STRING':
      case 'T_NUMBER':
      case 'T_BOOLEAN':
        return this.value;
      case 'T_NULL':
        return this.nothing;
      case 'T_OBJ_BEGIN':
        return this.object();
      case 'T_ARR_BEGIN':
        return this.array();
      default:
        return this.expected('value');
    }
  }

  object(): LuaTable {
    const table = new LuaTable();
    this.descend();
    let comma: string | undefined;
    while (!this.ends('T_OBJ_END', comma)) {
      if (this.token !== 'T_STRING') this.expected('object key string');
      const key = this.value;
      this.need('T_COLON', 'colon');
      this.next();
      table.put(key, this.parse());
      comma = 'comma or object end';
    }
    return this.ascend(table);
  }

  array(): LuaTable {
    const table = new LuaTable();
    this.descend();
    let comma: string | undefined;
    while (!this.ends('T_ARR_END', comma)) {
      table.list.push(this.parse());
      comma = 'comma or array end';
    }
    return this.ascend(table);
  }

  descend(): void {
    if (++this.depth > this.config.decodeDepth) {
      this.machine.fail(`Found too many nested data structures (${this.depth}) at character ${this.begin + 1}`);
    }
  }

  ascend(table: LuaTable): LuaTable {
    this.depth--;
    return table;
  }

  /** Read a token and check that it is this one. */
  need(token: Token, what: string): void {
    this.next();
    if (this.token !== token) this.expected(what);
  }

  /** Read a token: does it end the aggregate? Otherwise it has to be a comma, unless it is the first. */
  ends(close: Token, what: string | undefined): boolean {
    this.next();
    if (this.token === close) return true;
    if (what !== undefined) {
      if (this.token !== 'T_COMMA') this.expected(what);
      this.next();
    }
    return false;
  }

  next(): void {
    const { text } = this;
    for (;;) {
      const code = text.charCodeAt(this.at);
      if (code !== 32 && code !== 9 && code !== 10 && code !== 13) break;
      this.at++;
    }
    this.begin = this.at;
    switch (text.charCodeAt(this.at)) {
      case 34:
        return this.string();
      case 44:
        return this.punctuation('T_COMMA');
      case 58:
        return this.punctuation('T_COLON');
      case 91:
        return this.punctuation('T_ARR_BEGIN');
      case 93:
        return this.punctuation('T_ARR_END');
      case 123:
        return this.punctuation('T_OBJ_BEGIN');
      case 125:
        return this.punctuation('T_OBJ_END');
    }
    const letter = text[this.at];
    if (letter === undefined) this.token = 'T_END';
    else if (letter === '-' || (letter >= '0' && letter <= '9')) this.number();
    else if (text.startsWith('true', this.at)) this.literal('T_BOOLEAN', true, 4);
    else if (text.startsWith('false', this.at)) this.literal('T_BOOLEAN', false, 5);
    else if (text.startsWith('null', this.at)) this.literal('T_NULL', undefined, 4);
    else if (this.config.decodeInvalid && 'iInN+'.includes(letter)) this.number('invalid token');
    else this.fail('invalid token');
  }

  punctuation(token: Token): void {
    this.token = token;
    this.at++;
  }

  literal(token: Token, value: LuaValue, length: number): void {
    this.token = token;
    this.value = value;
    this.at += length;
  }

  number(otherwise = 'invalid number'): void {
    SIMPLE.lastIndex = this.at;
    if (SIMPLE.test(this.text)) {
      const end = SIMPLE.lastIndex;
      return this.literal('T_NUMBER', Number(this.text.slice(this.at, end)), end - this.at);
    }
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.text)?.[0];
    const strict =
      match !== undefined && (this.config.decodeInvalid || (/^-?\d/.test(match) && !/^-?0[\dxX]/.test(match)));
    if (match === undefined || !strict) return this.fail(otherwise);
    this.literal('T_NUMBER', numberFromText(match), match.length);
  }

  string(): void {
    const { text } = this;
    let result = '';
    this.at++;
    const end = text.indexOf('"', this.at);
    if (end >= 0) {
      const whole = text.slice(this.at, end);
      if (!whole.includes('\\')) return this.literal('T_STRING', whole, end + 1 - this.at);
    }
    for (;;) {
      PLAIN.lastIndex = this.at;
      const run = PLAIN.exec(text)![0];
      result += run;
      this.at += run.length;
      const letter = text[this.at];
      if (letter === undefined) return this.fail('unexpected end of string', this.at);
      this.at++;
      if (letter === '"') break;
      const escape = text[this.at] ?? '';
      if (escape === 'u') {
        const code = this.unicode();
        if (code === undefined) return this.fail('invalid unicode escape code', this.at - 1);
        result += code;
        continue;
      }
      const plain = ESCAPES[escape];
      if (plain === undefined) return this.fail('invalid escape code', this.at - 1);
      result += plain;
      this.at++;
    }
    this.token = 'T_STRING';
    this.value = result;
  }

  /** A `uXXXX`, or a pair of surrogates, as UTF-8. */
  unicode(): string | undefined {
    const unit = (at: number): number => {
      const digits = this.text.slice(at, at + 4);
      return /^[\da-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : -1;
    };
    let code = unit(this.at + 1);
    if (code < 0) return undefined;
    let length = 5;
    if ((code & 0xf800) === 0xd800) {
      if ((code & 0x400) !== 0 || !this.text.startsWith('\\u', this.at + 5)) return undefined;
      const low = unit(this.at + 7);
      if ((low & 0xfc00) !== 0xdc00) return undefined;
      code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
      length = 11;
    }
    this.at += length;
    return Buffer.from(String.fromCodePoint(code), 'utf8').latin1Slice();
  }

  fail(problem: string, at = this.begin): void {
    this.token = 'T_ERROR';
    this.problem = problem;
    this.begin = at;
  }

  expected(what: string): never {
    const found = this.token === 'T_ERROR' ? this.problem : this.token;
    return this.machine.fail(`Expected ${what} but found ${found} at character ${this.begin + 1}`);
  }
}
