/** Hostile scripts: what they try must stay inside, and the server must go on. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { openWire } from '../support/wire-client.ts';
import type { WireClient } from '../support/wire-client.ts';

let server: StartedServer;
let client: WireClient;

beforeAll(async () => {
  server = await startServer();
  client = await openWire(server.port, 2);
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

async function answer(script: string): Promise<string> {
  const reply = await client.send(['EVAL', script, '0']);
  return 'value' in reply ? String(reply.value) : JSON.stringify(reply);
}

/** Names by which JavaScript's own objects are reached. */
const NAMES = [
  'constructor', '__proto__', 'prototype', 'globalThis', 'process', 'require', 'Function', 'eval', 'this', 'arguments',
  'caller', 'callee', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'length', 'name', 'twin', 'list',
  'hash', 'meta', 'get', 'set', 'M', 'H', 'K', 'k0', 'v0', 't1', 'rest', 'NONE', 'one', 'import', 'module', 'console',
]; // prettier-ignore
const HOLDERS = [
  '({})', "('x')", 'string', 'redis', '_G', 'cjson', 'math', '(function() end)', 'redis.call', '(1)', '(true)',
  "getmetatable('')", 'coroutine.create(function() end)', 'cjson.null', 'KEYS',
  "select(2, pcall(error, {err = 'x'}))", "select(2, pcall(function() return nil + 1 end))", "redis.pcall('nosuch')",
  "loadstring('return 1')", 'getmetatable(_G)',
]; // prettier-ignore

describe('sandbox', () => {
  it('answers nothing of JavaScript under any name', async () => {
    for (const holder of HOLDERS) {
      for (const name of NAMES) {
        for (const form of [`return type(${holder}['${name}'])`, `return type(${holder}.${name})`]) {
          const got = await answer(form);
          // Fields of our own: the string library's `len`, say, is not among the names.
          expect(got, form).toMatch(/^(nil|ERR .*)$/s);
        }
      }
    }
  });

  it('keeps fields by such names apart from JavaScript', async () => {
    for (const name of NAMES) {
      expect(await answer(`local t = {['${name}'] = 5} t['${name}'] = t['${name}'] + 1 return t['${name}']`)).toBe('6');
      expect(
        await answer(`local ${name === 'this' ? 'this_' : name} = 7 return ${name === 'this' ? 'this_' : name}`),
      ).toBe('7');
      expect(await answer(`return ${name}`)).toMatch(/^ERR .*nonexistent global variable/);
    }
  });

  it('puts no text of a script into the code', async () => {
    for (const text of [
      "'+process.exit()+'",
      '`${process.exit()}`',
      '*/process.exit()/*',
      '\\u0027;process.exit()//',
      '\u2028'.slice(0, 0) + '\n;',
    ]) {
      const literal = [...text].map((letter) => `\\${letter.charCodeAt(0)}`).join('');
      expect(await answer(`local t = {} t["${literal}"] = "${literal}" return t["${literal}"]`)).toBe(text);
    }
  });

  it('lets no script change what the next one sees', async () => {
    const attempts = [
      'string.rep = nil', 'redis.call = nil', '_G.x = 1', 'x = 1', "rawset(_G, 'x', 1)", "rawset(string, 'rep', 1)",
      'setmetatable(_G, nil)', 'getmetatable(_G).__index = nil', "getmetatable('').__index = nil",
      "table.insert(_G, 1)", 'table.remove(redis)', 'table.sort(_G)', 'setmetatable(string, {})', 'cjson.x = 1',
      "rawset(getmetatable(''), '__index', {})", 'KEYS = nil',
    ]; // prettier-ignore
    for (const attempt of attempts) await answer(attempt);
    expect(await answer("return string.rep('a', 2) .. ('b'):rep(2)")).toBe('aabb');
    expect(await answer('return x')).toMatch(/nonexistent global variable 'x'/);
  });

  it('turns exhaustion into errors', async () => {
    const attempts: readonly (readonly [string, RegExp])[] = [
      ['local function f() return 1 + f() end return f()', /stack overflow/],
      ["local function f() redis.call('incr', 'n') return 1 + f() end return f()", /stack overflow/],
      ["return #string.rep('x', 1e12)", /not enough memory/],
      ["local s = 'x' while true do s = s .. s end", /not enough memory/],
      ["local f = loadstring(string.rep('(', 5000)) return f == nil and 'refused'", /refused/],
      ["local t = setmetatable({}, {}) getmetatable(t).__index = t return t.x", /loop in gettable/],
      ["return cjson.decode(string.rep('[', 100000))", /nested/],
      ["return cmsgpack.unpack(string.rep(string.char(0x91), 100000))", /stack overflow|Missing bytes/],
      ["return cmsgpack.unpack(string.char(0xdd, 255, 255, 255, 255))", /Missing bytes/],
      ["return struct.unpack('c0', 'x')", /needs a previous size/],
      ['return {unpack({}, 1, 1e8)}', /too many results/],
      ["return table.concat({}, ',', 1, 1e12)", /invalid value/],
    ]; // prettier-ignore
    for (const [script, expected] of attempts) expect(await answer(script), script).toMatch(expected);
    expect(await answer("return redis.call('ping')")).toBe('PONG');
  }, 30_000);

  it('survives random bytes and random tokens', async () => {
    const tokens = [
      'local', 'a', 'b', '=', '1', '"s"', '(', ')', '{', '}', '[', ']', 'function', 'end', 'if', 'then', 'else', 'return',
      '..', '+', '-', 'and', 'or', 'not', '#', ',', ';', '.', ':', 'nil', 'true', 'pcall', 'string',
      '==', '<', 'redis', 'call', '...', '^', '%', 'pairs',
    ]; // prettier-ignore
    const byToken = fc.array(fc.constantFrom(...tokens), { maxLength: 40 }).map((list) => list.join(' '));
    const bytes = fc.uint8Array({ maxLength: 60 }).map((list) => String.fromCharCode(...list));
    await fc.assert(
      fc.asyncProperty(fc.oneof(byToken, bytes), async (script) => {
        const reply = await client.send(['EVAL', script, '0']);
        const text = 'value' in reply ? String(reply.value) : '';
        expect(text).not.toMatch(/internal error|SyntaxError|ReferenceError/);
      }),
      { numRuns: 1500 },
    );
    expect(await answer('return 1')).toBe('1');
  }, 30_000);
});
