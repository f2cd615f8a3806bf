/** Random Lua programs on redis-server and on ours: the same answers, errors and their lines included. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { openWire } from '../support/wire-client.ts';
import type { WireClient } from '../support/wire-client.ts';

const RUNS = 400;
const LOCALS = ['a', 'b', 'c'];
const OPERATORS = ['+', '-', '*', '/', '%', '..', '==', '~=', '<', '<=', '>', '>=', 'and', 'or'];

const literal = fc.constantFrom(
  '1',
  '2',
  '0.5',
  '10',
  "'x'",
  "'7'",
  "''",
  'nil',
  'true',
  'false',
  '{1,2,3}',
  '{x=1,y={z=2}}',
);

const { expression } = fc.letrec<{ expression: string; call: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    literal,
    fc.constantFrom(...LOCALS),
    fc.tuple(tie('expression'), fc.constantFrom(...OPERATORS), tie('expression')).map((parts) => `(${parts.join(' ')})`),
    fc.tuple(fc.constantFrom('not ', '#', '- '), tie('expression')).map((parts) => `(${parts.join('')})`),
    fc.tuple(fc.constantFrom(...LOCALS), fc.constantFrom('.x', '.y', '[1]', '[2]', '.y.z')).map((parts) => parts.join('')),
    fc.tuple(tie('expression'), tie('expression')).map(([x, y]) => `f(${x}, ${y})`),
    tie('call'),
  ),
  call: fc.oneof(
    fc.tuple(fc.constantFrom('type', 'tonumber', 'string.len', 'math.floor', '#'), tie('expression')).map(([f, x]) => `${f}(${x})`),
    fc.tuple(tie('expression'), tie('expression')).map(([x, y]) => `select(2, pcall(function() return ${x}, ${y} end))`),
    tie('expression').map((x) => `(function(...) return select('#', ...) end)(${x}, nil)`),
    tie('expression').map((x) => `string.rep(${x}, 2)`),
  ),
})); // prettier-ignore

const { statement } = fc.letrec<{ statement: string; block: string }>((tie) => ({
  statement: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(fc.constantFrom(...LOCALS), expression).map(([name, x]) => `${name} = ${x}`),
    fc.tuple(fc.constantFrom(...LOCALS), fc.constantFrom(...LOCALS), expression, expression).map(([m, n, x, y]) => `${m}, ${n} = ${x}, ${y}`),
    fc.tuple(fc.constantFrom(...LOCALS), expression).map(([name, x]) => `if type(${name}) == 'table' then ${name}.x = ${x} end`),
    fc.tuple(expression, tie('block'), tie('block')).map(([x, y, z]) => `if ${x} then\n${y}\nelse\n${z}\nend`),
    tie('block').map((block) => `for i = 1, 3 do\n${block}\nif i == 2 then break end\nend`),
    tie('block').map((block) => `do local a = 5\n${block}\nend`),
    fc.tuple(fc.constantFrom(...LOCALS), tie('block')).map(([name, block]) => `${name} = (function(b)\n${block}\nreturn b end)(${name})`),
  ),
  block: fc.array(tie('statement'), { minLength: 1, maxLength: 3 }).map((list) => list.join('\n')),
})); // prettier-ignore

const program = fc
  .tuple(fc.array(statement, { minLength: 1, maxLength: 6 }), expression)
  .map(
    ([body, result]) =>
      `local a, b, c = 1, 'two', {3, x = 4}\nlocal function f(x, y) if x then return y end return x, y end\n${body.join('\n')}\n` +
      `local r = ${result}\nreturn {type(r) == 'table' and #r or tostring(r), type(a), type(b), type(c)}`,
  );

/** Without the names of operands: Lua finds them in its registers, not in the source. */
function plain(reply: unknown): string {
  return JSON.stringify(reply)
    .replaceAll(/(?:local|upvalue|field|global|method) '[^']*' \((a \w+ value)\)/g, '$1')
    .replaceAll(/0x[\da-f]+/g, 'address');
}

describe.skipIf(!hasRedisServer())('random programs', () => {
  let theirs: RedisServer;
  let ours: StartedServer;
  let clients: [WireClient, WireClient];
  beforeAll(async () => {
    theirs = await startRedisServer();
    ours = await startServer();
    clients = [await openWire(theirs.port, 2), await openWire(ours.port, 2)];
  });
  afterAll(async () => {
    for (const client of clients ?? []) client.close();
    await theirs?.stop();
    await ours?.stop();
  });

  it('answer alike', async () => {
    await fc.assert(
      fc.asyncProperty(program, async (script) => {
        const [expected, actual] = await Promise.all(clients.map((client) => client.send(['EVAL', script, '0'])));
        expect(plain(actual)).toEqual(plain(expected));
      }),
      { numRuns: RUNS, seed: 5 },
    );
  }, 60_000);
});
