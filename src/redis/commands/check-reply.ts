/** Holds an actual reply against the shape that its command declares. */

import type { ReplyShape } from './reply-shapes.ts';
import type { CommandRow } from './types.ts';

/** A reply as it came over the wire, with nothing of its type lost. */
export type DecodedReply =
  | { readonly type: 'simple' | 'error' | 'bulk' | 'verbatim' | 'bignumber'; readonly value: string }
  | { readonly type: 'integer'; readonly value: number | bigint }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  /** `bulk` for `$-1`, `array` for `*-1`, `resp3` for `_`. */
  | { readonly type: 'null'; readonly form: 'bulk' | 'array' | 'resp3' }
  | { readonly type: 'array' | 'set' | 'push'; readonly items: readonly DecodedReply[] }
  | { readonly type: 'map'; readonly entries: readonly (readonly [DecodedReply, DecodedReply])[] };

/**
 * What is wrong with a reply, or undefined. Errors are right for every command, `QUEUED` too.
 * @param args the whole call, the command's name first
 */
export function checkReply(
  row: CommandRow,
  protocol: 2 | 3,
  args: readonly string[],
  reply: DecodedReply,
): string | undefined {
  if (reply.type === 'error' || (reply.type === 'simple' && reply.value === 'QUEUED')) return undefined;
  const fault = faultOf(row.reply, reply, { protocol, args });
  return fault === undefined ? undefined : `${row.fullName} in RESP${protocol}: ${fault}`;
}

interface Call {
  readonly protocol: 2 | 3;
  readonly args: readonly string[];
}

function faultOf(shape: ReplyShape, reply: DecodedReply, call: Call): string | undefined {
  switch (shape.kind) {
    case 'any':
      return undefined;
    case 'none':
      return unexpected('no reply', reply);
    case 'simple':
      if (reply.type !== 'simple') return unexpected('a simple string', reply);
      return shape.values.length === 0 || shape.values.includes(reply.value)
        ? undefined
        : unexpected(shape.values.join(' or '), reply);
    case 'bulk':
      return expectType('bulk', reply);
    case 'verbatim':
      return expectType(call.protocol === 2 ? 'bulk' : 'verbatim', reply);
    case 'integer':
      if (reply.type !== 'integer') return unexpected('an integer', reply);
      return reply.value >= shape.min && reply.value <= shape.max
        ? undefined
        : unexpected(`an integer from ${shape.min} to ${shape.max}`, reply);
    case 'double':
      if (call.protocol === 3) return expectType('double', reply);
      return reply.type === 'bulk' && DOUBLE_TEXT.test(reply.value) ? undefined : unexpected("a double's text", reply);
    case 'boolean':
      if (call.protocol === 3) return expectType('boolean', reply);
      return reply.type === 'integer' && (reply.value === 0 || reply.value === 1)
        ? undefined
        : unexpected('1 or 0', reply);
    case 'nullBulk':
    case 'nullArray':
      return faultOfNull(shape.kind === 'nullBulk' ? 'bulk' : 'array', reply, call);
    case 'array':
      return reply.type === 'array' ? faultOfItems(reply.items, () => shape.of, call) : unexpected('an array', reply);
    case 'set':
      if (reply.type !== (call.protocol === 2 ? 'array' : 'set')) return unexpected('a set', reply);
      return faultOfItems(reply.items, () => shape.of, call);
    case 'push':
      if (reply.type !== (call.protocol === 2 ? 'array' : 'push')) return unexpected('a push message', reply);
      return faultOfTuple(shape.items, reply.items, call);
    case 'tuple':
      return reply.type === 'array' ? faultOfTuple(shape.items, reply.items, call) : unexpected('an array', reply);
    case 'flat':
      if (reply.type !== 'array') return unexpected('an array', reply);
      if (reply.items.length % shape.items.length !== 0)
        return `${reply.items.length} items do not come in groups of ${shape.items.length}`;
      return faultOfItems(reply.items, (i) => shape.items[i % shape.items.length] as ReplyShape, call);
    case 'map':
    case 'fields':
      return faultOfMap(shape, reply, call);
    case 'either':
      return faultOfEither(shape.of, reply, call);
    case 'byProtocol':
      return faultOf(call.protocol === 2 ? shape.resp2 : shape.resp3, reply, call);
    case 'withWord':
      return call.args.some((arg) => arg.toUpperCase() === shape.word)
        ? faultOfEither([shape.matched, shape.otherwise], reply, call)
        : faultOf(shape.otherwise, reply, call);
    case 'withArgs':
      return faultOf(call.args.length >= shape.count ? shape.matched : shape.otherwise, reply, call);
  }
}

const DOUBLE_TEXT = /^(-?inf|-?nan|-?\d+(\.\d+)?(e[+-]?\d+)?)$/;

function faultOfNull(form: 'bulk' | 'array', reply: DecodedReply, call: Call): string | undefined {
  const wanted = call.protocol === 3 ? 'resp3' : form;
  return reply.type === 'null' && reply.form === wanted ? undefined : unexpected(`a null (${wanted})`, reply);
}

function faultOfItems(
  items: readonly DecodedReply[],
  shapeAt: (index: number) => ReplyShape,
  call: Call,
): string | undefined {
  for (const [i, item] of items.entries()) {
    const fault = faultOf(shapeAt(i), item, call);
    if (fault !== undefined) return `[${i}] ${fault}`;
  }
  return undefined;
}

function faultOfTuple(shapes: readonly ReplyShape[], items: readonly DecodedReply[], call: Call): string | undefined {
  if (items.length !== shapes.length) return `${items.length} items where ${shapes.length} belong`;
  return faultOfItems(items, (i) => shapes[i] as ReplyShape, call);
}

function faultOfMap(
  shape: Extract<ReplyShape, { kind: 'map' | 'fields' }>,
  reply: DecodedReply,
  call: Call,
): string | undefined {
  const entries = entriesOf(reply, call.protocol);
  if (entries === undefined) return unexpected('a map', reply);
  const missing = new Set(shape.kind === 'fields' ? Object.keys(shape.required) : []);
  for (const [key, value] of entries) {
    const name = textOf(key);
    let valueShape: ReplyShape | undefined;
    if (shape.kind === 'map') {
      const fault = faultOf(shape.key, key, call);
      if (fault !== undefined) return `key ${name}: ${fault}`;
      valueShape = shape.value;
    } else {
      valueShape = shape.required[name] ?? shape.optional[name];
      if (valueShape === undefined) return `unknown field ${name}`;
      missing.delete(name);
    }
    const fault = faultOf(valueShape, value, call);
    if (fault !== undefined) return `.${name} ${fault}`;
  }
  return missing.size === 0 ? undefined : `missing ${[...missing].join(', ')}`;
}

function entriesOf(reply: DecodedReply, protocol: 2 | 3): (readonly [DecodedReply, DecodedReply])[] | undefined {
  if (protocol === 3) return reply.type === 'map' ? [...reply.entries] : undefined;
  if (reply.type !== 'array' || reply.items.length % 2 !== 0) return undefined;
  const entries: [DecodedReply, DecodedReply][] = [];
  for (let i = 0; i < reply.items.length; i += 2) {
    entries.push([reply.items[i] as DecodedReply, reply.items[i + 1] as DecodedReply]);
  }
  return entries;
}

function faultOfEither(shapes: readonly ReplyShape[], reply: DecodedReply, call: Call): string | undefined {
  const faults: string[] = [];
  for (const shape of shapes) {
    const fault = faultOf(shape, reply, call);
    if (fault === undefined) return undefined;
    faults.push(fault);
  }
  return [...new Set(faults)].join('; or ');
}

function expectType(type: DecodedReply['type'], reply: DecodedReply): string | undefined {
  return reply.type === type ? undefined : unexpected(`type ${type}`, reply);
}

function unexpected(wanted: string, reply: DecodedReply): string {
  return `expected ${wanted}, got ${reply.type} ${textOf(reply)}`;
}

function textOf(reply: DecodedReply): string {
  switch (reply.type) {
    case 'null':
      return `(${reply.form})`;
    case 'map':
      return `of ${reply.entries.length}`;
    case 'array':
    case 'set':
    case 'push':
      return `of ${reply.items.length}`;
    default:
      return String(reply.value).slice(0, 60);
  }
}
