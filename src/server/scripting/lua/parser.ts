// Lua 5.1 source to a syntax tree, with Lua's own error texts.

import type { Block, Call, Expression, FunctionBody, Local, Statement, TableField } from './ast.ts';
import { Lexer } from './lexer.ts';

/** As deep as Lua lets statements and expressions nest. */
const MAX_DEPTH = 200;
const MAX_LOCALS = 200;
const MAX_UPVALUES = 60;
const UNARY_PRIORITY = 8;
/** Left and right priority of each binary operator. */
const PRIORITY: Readonly<Record<string, readonly [number, number]>> = {
  or: [1, 1],
  and: [2, 2],
  '<': [3, 3],
  '>': [3, 3],
  '<=': [3, 3],
  '>=': [3, 3],
  '~=': [3, 3],
  '==': [3, 3],
  '..': [5, 4],
  '+': [6, 6],
  '-': [6, 6],
  '*': [7, 7],
  '/': [7, 7],
  '%': [7, 7],
  '^': [10, 9],
};
const BLOCK_ENDS = new Set(['else', 'elseif', 'end', 'until']);

/** Parse a chunk; throws LuaSyntaxError. */
export function parse(source: string, chunk: string): FunctionBody {
  return new Parser(new Lexer(source, chunk)).chunk();
}

class Parser {
  readonly lexer: Lexer;
  current: FunctionBody;
  scope: Map<string, Local>[] = [];
  upvalues = new Map<FunctionBody, Set<Local>>();
  depth = 0;
  loops = 0;
  ids = 0;

  constructor(lexer: Lexer) {
    this.lexer = lexer;
    this.current = emptyBody(undefined);
  }

  chunk(): FunctionBody {
    const body = this.current;
    body.variadic = true;
    this.lexer.next();
    body.block = this.block();
    if (this.lexer.kind !== 'eof') this.expected('<eof>');
    body.lastLine = this.lexer.line;
    return body;
  }

  // Tokens.

  is(symbol: string): boolean {
    return this.lexer.kind === 'symbol' && this.lexer.text === symbol;
  }

  take(symbol: string): boolean {
    if (!this.is(symbol)) return false;
    this.lexer.next();
    return true;
  }

  need(symbol: string): void {
    if (!this.take(symbol)) this.expected(symbol);
  }

  expected(what: string): never {
    return this.lexer.failHere(`'${what}' expected`);
  }

  /** The symbol that closes what opened on `line`. */
  close(symbol: string, opener: string, line: number): void {
    if (this.take(symbol)) return;
    if (line === this.lexer.line) this.expected(symbol);
    this.lexer.failHere(`'${symbol}' expected (to close '${opener}' at line ${line})`);
  }

  name(): string {
    if (this.lexer.kind !== 'name') this.expected('<name>');
    const { text } = this.lexer;
    this.lexer.next();
    return text;
  }

  deeper<T>(read: () => T): T {
    if (++this.depth > MAX_DEPTH) this.lexer.fail('chunk has too many syntax levels');
    const result = read();
    this.depth--;
    return result;
  }

  // Names.

  declare(name: string): Local {
    const local = { id: this.ids++, name, owner: this.current };
    if (++this.current.active > MAX_LOCALS) this.tooMany('local variables', MAX_LOCALS);
    this.scope.at(-1)!.set(name, local);
    return local;
  }

  tooMany(what: string, limit: number): never {
    const where = this.current.parent === undefined ? 'main function' : 'function';
    return this.lexer.failHere(`too many ${what} (limit is ${limit}) in ${where}`);
  }

  resolve(name: string, line: number): Expression {
    for (let i = this.scope.length - 1; i >= 0; i--) {
      const local = this.scope[i]!.get(name);
      if (local === undefined) continue;
      if (local.owner !== this.current) this.capture(local);
      return { kind: 'local', local, line };
    }
    return { kind: 'global', name, line };
  }

  capture(local: Local): void {
    for (
      let body: FunctionBody | undefined = this.current;
      body !== undefined && body !== local.owner;
      body = body.parent
    ) {
      let captured = this.upvalues.get(body);
      if (captured === undefined) this.upvalues.set(body, (captured = new Set()));
      captured.add(local);
      if (captured.size > MAX_UPVALUES) this.tooMany('upvalues', MAX_UPVALUES);
    }
  }

  scoped<T>(read: () => T): T {
    const { active } = this.current;
    this.scope.push(new Map());
    const result = read();
    this.scope.pop();
    this.current.active = active;
    return result;
  }

  // Statements.

  block(): Block {
    return this.scoped(() => this.statements());
  }

  statements(): Block {
    const list: Statement[] = [];
    while (this.lexer.kind !== 'eof' && !(this.lexer.kind === 'symbol' && BLOCK_ENDS.has(this.lexer.text))) {
      const last = this.is('return') || this.is('break');
      list.push(this.deeper(() => this.statement()));
      this.take(';');
      if (last) break;
    }
    return list;
  }

  statement(): Statement {
    const { line } = this.lexer;
    if (this.take('if')) return this.ifStatement(line);
    if (this.take('while')) {
      const condition = this.expression();
      this.need('do');
      const block = this.loop();
      this.close('end', 'while', line);
      return { kind: 'while', condition, block, line };
    }
    if (this.take('do')) {
      const block = this.block();
      this.close('end', 'do', line);
      return { kind: 'do', block, line };
    }
    if (this.take('for')) return this.scoped(() => this.forStatement(line));
    if (this.take('repeat')) {
      return this.scoped(() => {
        this.loops++;
        const block = this.statements();
        this.loops--;
        this.close('until', 'repeat', line);
        return { kind: 'repeat', block, condition: this.expression(), line };
      });
    }
    if (this.take('function')) return this.functionStatement(line);
    if (this.take('local')) return this.take('function') ? this.localFunction(line) : this.localStatement(line);
    if (this.take('return')) return this.returnStatement(line);
    if (this.take('break')) {
      if (this.loops === 0) this.lexer.failHere('no loop to break');
      return { kind: 'break', line };
    }
    return this.expressionStatement(line);
  }

  loop(): Block {
    this.loops++;
    const block = this.block();
    this.loops--;
    return block;
  }

  ifStatement(line: number): Statement {
    const branches = [];
    let otherwise: Block | undefined;
    do {
      const condition = this.expression();
      this.need('then');
      branches.push({ condition, block: this.block() });
    } while (this.take('elseif'));
    if (this.take('else')) otherwise = this.block();
    this.close('end', 'if', line);
    return { kind: 'if', branches, otherwise, line };
  }

  forStatement(line: number): Statement {
    const names = [this.name()];
    let head: (block: Block) => Statement;
    if (this.take('=')) {
      const from = this.expression();
      this.need(',');
      const to = this.expression();
      const step = this.take(',') ? this.expression() : undefined;
      this.current.active += 3;
      head = (block) => ({ kind: 'count', local: locals[0]!, from, to, step, block, line });
    } else if (this.is(',') || this.is('in')) {
      while (this.take(',')) names.push(this.name());
      this.need('in');
      const values = this.expressions();
      this.current.active += 3;
      head = (block) => ({ kind: 'each', locals, values, block, line });
    } else return this.lexer.failHere("'=' or 'in' expected");
    this.need('do');
    const locals = names.map((name) => this.declare(name));
    const block = this.loop();
    this.close('end', 'for', line);
    return head(block);
  }

  functionStatement(line: number): Statement {
    let target = this.resolve(this.name(), line);
    let isMethod = false;
    while (this.is('.') || this.is(':')) {
      isMethod = this.is(':');
      this.lexer.next();
      target = { kind: 'index', object: target, key: { kind: 'string', value: this.name(), line }, line };
      if (isMethod) break;
    }
    const body = this.functionBody(isMethod, line);
    return { kind: 'assign', targets: [target], values: [{ kind: 'function', body, line }], line };
  }

  localFunction(line: number): Statement {
    const local = this.declare(this.name());
    return { kind: 'local function', local, body: this.functionBody(false, line), line };
  }

  localStatement(line: number): Statement {
    const names = [this.name()];
    while (this.take(',')) names.push(this.name());
    const values = this.take('=') ? this.expressions() : [];
    return { kind: 'local', locals: names.map((name) => this.declare(name)), values, line };
  }

  returnStatement(line: number): Statement {
    const ends =
      this.lexer.kind === 'eof' || this.is(';') || (this.lexer.kind === 'symbol' && BLOCK_ENDS.has(this.lexer.text));
    return { kind: 'return', values: ends ? [] : this.expressions(), line };
  }

  expressionStatement(line: number): Statement {
    const target = this.suffixed();
    if (target.kind === 'call') return { kind: 'call', call: target, line };
    const targets: Expression[] = [target];
    while (this.is(',') || this.is('=')) {
      for (const each of targets.slice(-1)) this.assignable(each);
      if (this.take('=')) return { kind: 'assign', targets, values: this.expressions(), line };
      this.lexer.next();
      targets.push(this.deeper(() => this.suffixed()));
    }
    this.assignable(targets.at(-1)!);
    return this.expected('=');
  }

  assignable(target: Expression): void {
    if (target.kind !== 'local' && target.kind !== 'global' && target.kind !== 'index')
      this.lexer.failHere('syntax error');
  }

  // Functions.

  functionBody(isMethod: boolean, line: number): FunctionBody {
    const body = emptyBody(this.current);
    const { loops } = this;
    this.current = body;
    this.loops = 0;
    this.scoped(() => {
      if (isMethod) body.parameters.push(this.declare('self'));
      this.need('(');
      if (!this.is(')')) {
        do {
          if (this.take('...')) {
            body.variadic = true;
            break;
          }
          if (this.lexer.kind !== 'name') this.lexer.failHere("<name> or '...' expected");
          body.parameters.push(this.declare(this.name()));
        } while (this.take(','));
      }
      this.need(')');
      body.block = this.statements();
    });
    body.lastLine = this.lexer.line;
    this.close('end', 'function', line);
    this.current = body.parent!;
    this.loops = loops;
    return body;
  }

  // Expressions.

  expressions(): Expression[] {
    const list = [this.expression()];
    while (this.take(',')) list.push(this.expression());
    return list;
  }

  expression(limit = 0): Expression {
    return this.deeper(() => {
      let left = this.operand();
      for (;;) {
        const priority = this.lexer.kind === 'symbol' ? PRIORITY[this.lexer.text] : undefined;
        if (priority === undefined || priority[0] <= limit) return left;
        const operator = this.lexer.text;
        const { line } = this.lexer;
        this.lexer.next();
        left = { kind: 'binary', operator, left, right: this.expression(priority[1]), line };
      }
    });
  }

  operand(): Expression {
    const { line, kind, text } = this.lexer;
    if (kind === 'symbol' && (text === 'not' || text === '-' || text === '#')) {
      this.lexer.next();
      return { kind: 'unary', operator: text, operand: this.expression(UNARY_PRIORITY), line };
    }
    return this.simple();
  }

  simple(): Expression {
    const { line, kind, text, value } = this.lexer;
    if (kind === 'number') {
      this.lexer.next();
      return { kind, value, line };
    }
    if (kind === 'string') {
      this.lexer.next();
      return { kind, value: text, line };
    }
    if (kind === 'symbol') {
      switch (text) {
        case 'nil':
        case 'true':
        case 'false':
          this.lexer.next();
          return { kind: text, line };
        case '...':
          if (!this.current.variadic) this.lexer.failHere("cannot use '...' outside a vararg function");
          this.lexer.next();
          return { kind: 'varargs', line };
        case '{':
          return this.table();
        case 'function':
          this.lexer.next();
          return { kind: 'function', body: this.functionBody(false, line), line };
      }
    }
    return this.suffixed();
  }

  suffixed(): Expression {
    const { lexer } = this;
    const { line } = lexer;
    let left: Expression;
    if (this.take('(')) {
      const inner = this.expression();
      this.close(')', '(', line);
      left = { kind: 'group', inner, line };
    } else if (lexer.kind === 'name') {
      left = this.resolve(this.name(), line);
    } else return lexer.failHere('unexpected symbol');
    for (;;) {
      const at = lexer.line;
      if (this.take('.'))
        left = { kind: 'index', object: left, key: { kind: 'string', value: this.name(), line: at }, line: at };
      else if (this.take('[')) {
        const key = this.expression();
        this.need(']');
        left = { kind: 'index', object: left, key, line: at };
      } else if (this.take(':')) left = this.call(left, this.name());
      else if (this.is('(') || this.is('{') || lexer.kind === 'string') left = this.call(left, undefined);
      else return left;
    }
  }

  call(callee: Expression, method: string | undefined): Call {
    const { lexer } = this;
    const { line } = lexer;
    let args: Expression[];
    if (lexer.kind === 'string') {
      args = [{ kind: 'string', value: lexer.text, line }];
      lexer.next();
    } else if (this.is('{')) args = [this.table()];
    else if (this.is('(')) {
      if (line !== lexer.lastLine) lexer.failHere('ambiguous syntax (function call x new statement)');
      lexer.next();
      args = this.is(')') ? [] : this.expressions();
      this.close(')', '(', line);
    } else return lexer.failHere('function arguments expected');
    if (callee.kind === 'global' && callee.name === 'error' && args.length > 1) this.current.wantsCaller = true;
    return { kind: 'call', callee, method, args, line };
  }

  table(): Expression {
    const { lexer } = this;
    const { line } = lexer;
    const items: Expression[] = [];
    const fields: TableField[] = [];
    this.need('{');
    while (!this.is('}')) {
      const at = lexer.line;
      if (lexer.kind === 'name' && lexer.followedBy('=')) {
        const key: Expression = { kind: 'string', value: this.name(), line: at };
        this.need('=');
        fields.push({ key, value: this.expression(), after: items.length });
      } else if (this.take('[')) {
        const key = this.expression();
        this.need(']');
        this.need('=');
        fields.push({ key, value: this.expression(), after: items.length });
      } else items.push(this.expression());
      if (!this.take(',') && !this.take(';')) break;
    }
    this.close('}', '{', line);
    return { kind: 'table', items, fields, line };
  }
}

function emptyBody(parent: FunctionBody | undefined): FunctionBody {
  return { parameters: [], variadic: false, block: [], lastLine: 0, parent, wantsCaller: false, active: 0 };
}
