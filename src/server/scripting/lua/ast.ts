// The syntax tree of a Lua chunk, with names resolved: a local variable is an object, a global a string.

/** A local variable, by identity; `id` is unique in its chunk. */
export interface Local {
  readonly id: number;
  readonly name: string;
  readonly owner: FunctionBody;
}

export interface FunctionBody {
  readonly parameters: Local[];
  variadic: boolean;
  block: Block;
  /** Line of `end`. */
  lastLine: number;
  readonly parent: FunctionBody | undefined;
  /** Calls `error` with a level, so that it has to know where it was called itself. */
  wantsCaller: boolean;
  active: number;
}

export type Block = readonly Statement[];

export type Expression =
  | { readonly kind: 'nil' | 'true' | 'false' | 'varargs'; readonly line: number }
  | { readonly kind: 'number'; readonly value: number; readonly line: number }
  | { readonly kind: 'string'; readonly value: string; readonly line: number }
  | { readonly kind: 'local'; readonly local: Local; readonly line: number }
  | { readonly kind: 'global'; readonly name: string; readonly line: number }
  | { readonly kind: 'index'; readonly object: Expression; readonly key: Expression; readonly line: number }
  | Call
  | { readonly kind: 'function'; readonly body: FunctionBody; readonly line: number }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
      readonly line: number;
    }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression; readonly line: number }
  | { readonly kind: 'group'; readonly inner: Expression; readonly line: number }
  | {
      readonly kind: 'table';
      readonly items: readonly Expression[];
      readonly fields: readonly TableField[];
      readonly line: number;
    };

export interface TableField {
  readonly key: Expression;
  readonly value: Expression;
  /** How many positional items came before it. */
  readonly after: number;
}

export interface Call {
  readonly kind: 'call';
  readonly callee: Expression;
  /** `object:method(…)`: the callee is the object. */
  readonly method: string | undefined;
  readonly args: readonly Expression[];
  readonly line: number;
}

export type Statement =
  | {
      readonly kind: 'local';
      readonly locals: readonly Local[];
      readonly values: readonly Expression[];
      readonly line: number;
    }
  | { readonly kind: 'local function'; readonly local: Local; readonly body: FunctionBody; readonly line: number }
  | {
      readonly kind: 'assign';
      readonly targets: readonly Expression[];
      readonly values: readonly Expression[];
      readonly line: number;
    }
  | { readonly kind: 'call'; readonly call: Call; readonly line: number }
  | { readonly kind: 'do'; readonly block: Block; readonly line: number }
  | { readonly kind: 'while'; readonly condition: Expression; readonly block: Block; readonly line: number }
  | { readonly kind: 'repeat'; readonly block: Block; readonly condition: Expression; readonly line: number }
  | {
      readonly kind: 'if';
      readonly branches: readonly { readonly condition: Expression; readonly block: Block }[];
      readonly otherwise: Block | undefined;
      readonly line: number;
    }
  | {
      readonly kind: 'count';
      readonly local: Local;
      readonly from: Expression;
      readonly to: Expression;
      readonly step: Expression | undefined;
      readonly block: Block;
      readonly line: number;
    }
  | {
      readonly kind: 'each';
      readonly locals: readonly Local[];
      readonly values: readonly Expression[];
      readonly block: Block;
      readonly line: number;
    }
  | { readonly kind: 'return'; readonly values: readonly Expression[]; readonly line: number }
  | { readonly kind: 'break'; readonly line: number };
