/** The command table by itself: its rows hold together, versions differ as they should, replies are checked. */

import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  checkReply,
  commandDocs,
  commandInfo,
  commandTable,
  createCommandTable,
  findCommand,
  findSubcommand,
  FLAG_BITS,
  keysOf,
  type CommandArgument,
  type CommandName,
  type CommandRow,
  type DecodedReply,
  type ImplementableName,
  type LaterCommandName,
  type ReplyShape,
} from '../../src/redis/commands/index.ts';

const latest = createCommandTable({ version: '7.4.0' });
const allRows = [...latest.rows, ...createCommandTable({ sentinel: true, version: '7.4.0' }).rows].flatMap((row) => [
  row,
  ...row.subcommands,
]);

describe('rows', () => {
  test('all of 7.0: 240 commands of a server, 126 sub-commands', () => {
    expect(commandTable.length).toBe(240);
    expect(commandTable.flatMap((row) => row.subcommands).length).toBe(126);
    expect(createCommandTable({ sentinel: true }).find('sentinel')?.subcommands.length).toBe(21);
  });

  test.each(allRows.map((row) => [row.fullName, row] as const))('%s holds together', (_, row) => {
    expect(row.summary).toMatch(/^[A-Z].*\.$/);
    expect(row.summary.length).toBeLessThan(110);
    expect(row.since).toMatch(/^\d+\.\d+\.\d+$/);
    expect(row.arity).not.toBe(0);
    expect(new Set(row.flags).size).toBe(row.flags.length);
    for (const flag of row.flags) expect(row.flagBits & FLAG_BITS[flag]).not.toBe(0);
    expect(row.docFlags.includes('deprecated')).toBe(row.deprecatedSince !== undefined);
    expect(row.deprecatedSince === undefined).toBe(row.replacedBy === undefined);
    for (const argument of row.arguments) checkArgument(row, argument);
    checkShape(row.reply);
    for (const sub of row.subcommands) expect(sub.parent).toBe(row);
  });

  test('are found by name in any case', () => {
    expect(findCommand('GeT')?.fullName).toBe('get');
    expect(findCommand('sentinel')).toBeUndefined();
    const config = findCommand('config') as CommandRow;
    expect(findSubcommand(config, 'GET')?.fullName).toBe('config|get');
    expect(findSubcommand(config, 'nope')).toBeUndefined();
    expect(latest.resolve(['CONFIG', 'get', '*'])?.fullName).toBe('config|get');
    expect(latest.resolve(['CONFIG'])?.fullName).toBe('config');
    expect(latest.resolve(['CONFIG', 'nope'])).toBeUndefined();
    expect(latest.resolve(['GET', 'a'])?.fullName).toBe('get');
    expect(latest.resolve([])).toBeUndefined();
  });

  test('names are types', () => {
    expectTypeOf<'get'>().toExtend<ImplementableName>();
    expectTypeOf<'config|get'>().toExtend<ImplementableName>();
    expectTypeOf<'command'>().toExtend<ImplementableName>();
    expectTypeOf<Extract<ImplementableName, 'config' | 'sentinel' | 'sentinel|masters'>>().toBeNever();
    expectTypeOf<'sentinel|masters'>().toExtend<CommandName>();
    expectTypeOf<Extract<CommandName, 'nope' | 'hexpire'>>().toBeNever();
    expectTypeOf<'hexpire'>().toExtend<LaterCommandName>();
  });
});

describe('versions', () => {
  const seven = createCommandTable({ version: '7.0.15' });

  test.each([
    ['hexpire', '7.4.0'],
    ['hpttl', '7.4.0'],
    ['waitaof', '7.2.0'],
    ['client|setinfo', '7.2.0'],
    ['client|no-touch', '7.2.0'],
    ['cluster|myshardid', '7.2.0'],
  ])('%s comes with %s', (name, version) => {
    expect(seven.findFullName(name)).toBeUndefined();
    expect(createCommandTable({ version }).findFullName(name)?.since).toBe(version);
  });

  test.each([
    ['zrank', 'WITHSCORE', '7.2.0'],
    ['zrevrank', 'WITHSCORE', '7.2.0'],
    ['hscan', 'NOVALUES', '7.4.0'],
    ['client|kill', 'MAXAGE', '7.4.0'],
  ])('%s takes %s from %s on', (name, word, version) => {
    expect(words(seven.findFullName(name))).not.toContain(word);
    expect(words(createCommandTable({ version }).findFullName(name))).toContain(word);
  });

  test('the arity follows', () => {
    expect(seven.find('zrank')?.arity).toBe(3);
    expect(latest.find('zrank')?.arity).toBe(-3);
  });

  test('older ones have less', () => {
    const six = createCommandTable({ version: '6.0.16' });
    expect(six.find('getex')).toBeUndefined();
    expect(words(six.find('set'))).not.toContain('PXAT');
    expect(six.find('set')?.history.map(([version]) => version)).toEqual(['2.6.12', '6.0.0']);
  });
});

describe('COMMAND', () => {
  test('answers null for unknown names and leaves them out of DOCS', () => {
    const table = createCommandTable();
    expect(commandInfo(table, ['nope'])).toEqual([null]);
    expect(commandDocs(table, ['nope'])).toEqual(new Map());
  });

  test('keys of a call', () => {
    expect(keys('EVAL', 's', '2', 'a', 'b', 'c')).toEqual(['a', 'b']);
    expect(keys('XREAD', 'STREAMS', 'a', 'b', '0', '0')).toEqual(['a', 'b']);
    expect(keys('SORT', 'a', 'STORE', 'b')).toEqual(['a', 'b']);
    expect(keys('HEXPIRE', 'h', '1', 'FIELDS', '1', 'f')).toEqual(['h']);
    expect(keys('SORT', 'a', 'LIMIT')).toEqual(['a']);
    expect(keys('MIGRATE')).toEqual([]);
  });
});

describe('checkReply', () => {
  test.each<[string, 2 | 3, DecodedReply]>([
    ['GET k', 2, nil('bulk')],
    ['GET k', 3, nil('resp3')],
    ['GET k', 2, { type: 'error', value: 'WRONGTYPE x' }],
    ['GET k', 2, { type: 'simple', value: 'QUEUED' }],
    ['SET k v GET', 2, bulk('x')],
    ['HGETALL k', 2, array(bulk('f'), bulk('v'))],
    ['HGETALL k', 3, { type: 'map', entries: [[bulk('f'), bulk('v')]] }],
    ['SMEMBERS k', 3, { type: 'set', items: [bulk('m')] }],
    ['ZSCORE k m', 2, bulk('1.5')],
    ['ZSCORE k m', 2, bulk('-inf')],
    ['ZSCORE k m', 3, double(1.5)],
    ['ZRANGE k 0 -1 WITHSCORES', 2, array(bulk('m'), bulk('1'))],
    ['ZRANGE k 0 -1 WITHSCORES', 3, array(array(bulk('m'), double(1)))],
    ['LPOP k 1', 2, nil('array')],
    ['BLPOP k 0', 2, array(bulk('k'), bulk('v'))],
    ['EXPIRE k 1', 2, int(1)],
  ])('%s in RESP%d: right', (call, protocol, reply) => expect(check(call, protocol, reply)).toBeUndefined());

  test.each<[string, 2 | 3, DecodedReply, string]>([
    ['GET k', 2, nil('array'), 'get in RESP2: expected type bulk, got null (array)'],
    ['GET k', 3, int(1), 'get in RESP3: expected type bulk, got integer 1'],
    ['SET k v', 2, bulk('OK'), 'set in RESP2: expected a simple string, got bulk OK'],
    ['HGETALL k', 2, array(bulk('f')), 'hgetall in RESP2: expected a map, got array of 1'],
    ['HGETALL k', 3, array(bulk('f'), bulk('v')), 'hgetall in RESP3: expected a map'],
    ['SMEMBERS k', 3, array(bulk('m')), 'smembers in RESP3: expected a set, got array of 1'],
    ['ZSCORE k m', 2, bulk('one'), "zscore in RESP2: expected a double's text, got bulk one"],
    ['ZSCORE k m', 3, bulk('1'), 'zscore in RESP3: expected type double'],
    ['ZRANGE k 0 -1 WITHSCORES', 3, array(bulk('m'), double(1)), 'zrange in RESP3: [0]'],
    ['ZRANGE k 0 -1', 3, array(array(bulk('m'), double(1))), 'zrange in RESP3: [0] expected type bulk'],
    ['EXPIRE k 1', 2, int(2), 'expire in RESP2: expected an integer from 0 to 1, got integer 2'],
    ['SCAN 0', 2, array(bulk('0')), 'scan in RESP2: 1 items where 2 belong'],
    ['TYPE k', 2, { type: 'simple', value: 'float' }, 'type in RESP2: expected none or string or'],
    ['XINFO GROUPS k', 2, array(array(bulk('name'), bulk('g'))), 'xinfo|groups in RESP2: [0] missing consumers'],
    ['XINFO GROUPS k', 2, array(array(bulk('nope'), bulk('g'))), 'xinfo|groups in RESP2: [0] unknown field nope'],
  ])('%s in RESP%d: wrong', (call, protocol, reply, fault) => expect(check(call, protocol, reply)).toContain(fault));
});

function keys(...argv: string[]): (string | undefined)[] {
  return keysOf(latest.resolve(argv) as CommandRow, argv).map(({ index }) => argv[index]);
}

function words(row: CommandRow | undefined): string {
  return JSON.stringify(row?.arguments);
}

function bulk(value: string): DecodedReply {
  return { type: 'bulk', value };
}

function int(value: number): DecodedReply {
  return { type: 'integer', value };
}

function array(...items: DecodedReply[]): DecodedReply {
  return { type: 'array', items };
}

function double(value: number): DecodedReply {
  return { type: 'double', value };
}

function nil(form: 'bulk' | 'array' | 'resp3'): DecodedReply {
  return { type: 'null', form };
}

function check(call: string, protocol: 2 | 3, reply: DecodedReply): string | undefined {
  const args = call.split(' ');
  return checkReply(latest.resolve(args) as CommandRow, protocol, args, reply);
}

function checkArgument(row: CommandRow, argument: CommandArgument): void {
  expect(argument.name).not.toBe('');
  const nested = argument.type === 'oneof' || argument.type === 'block';
  expect(argument.arguments !== undefined).toBe(nested);
  if (argument.type === 'pure-token') expect(argument.token).toBeDefined();
  if (argument.type === 'key') expect(argument.keySpecIndex).toBeDefined();
  if (argument.keySpecIndex !== undefined) expect(row.keySpecs[argument.keySpecIndex]).toBeDefined();
  for (const inner of argument.arguments ?? []) checkArgument(row, inner);
}

/** Every branch can be taken: no empty choice, no tuple without items. */
function checkShape(shape: ReplyShape): void {
  switch (shape.kind) {
    case 'either':
      expect(shape.of.length).toBeGreaterThan(1);
      shape.of.forEach(checkShape);
      return;
    case 'tuple':
    case 'flat':
    case 'push':
      expect(shape.items.length).toBeGreaterThan(0);
      shape.items.forEach(checkShape);
      return;
    case 'array':
    case 'set':
      return checkShape(shape.of);
    case 'map':
      checkShape(shape.key);
      return checkShape(shape.value);
    case 'fields':
      expect(Object.keys(shape.required).length).toBeGreaterThan(0);
      return Object.values({ ...shape.required, ...shape.optional }).forEach(checkShape);
    case 'byProtocol':
      checkShape(shape.resp2);
      return checkShape(shape.resp3);
    case 'withWord':
      expect(shape.word).toBe(shape.word.toUpperCase());
      checkShape(shape.matched);
      return checkShape(shape.otherwise);
    case 'withArgs':
      checkShape(shape.matched);
      return checkShape(shape.otherwise);
    case 'integer':
      expect(shape.min).toBeLessThan(shape.max);
      return;
    default:
      expect(shape.kind).not.toBe('');
  }
}
