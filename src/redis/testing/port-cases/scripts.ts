/** Scripts: by digest, loaded where they are missing, never within a transaction. */
import assert from 'node:assert/strict';
import { defineScript } from '../../port/script.ts';
import { freshKey, keyed, portCase, rejects } from './support.ts';

/** Not known to any server yet. */
function unknownScript(lua: string): ReturnType<typeof defineScript> {
  return defineScript('conformance', `${lua} -- ${freshKey('script')}`);
}

export const scriptCases = [
  portCase('scripts return flat arrays of integers, strings and nil', async (port) => {
    const key = freshKey();
    const script = unknownScript(
      "return {KEYS[1], ARGV[1], ARGV[2], 7, redis.call('SET', KEYS[1], 'x'), redis.call('GET', KEYS[1]), false, '1.5'}",
    );
    assert.deepEqual(await port.script(script, [key], [5, 'ü']), [key, '5', 'ü', 7, 'OK', 'x', null, '1.5']);
    assert.deepEqual(await port.script(unknownScript('return {1, {2, {"x"}}}'), [key], []), [1, [2, ['x']]]);
    assert.equal(await port.script(unknownScript('return nil'), [key], []), null);
    assert.equal(await port.script(unknownScript('return 2^52 + 1'), [key], []), 2 ** 52 + 1);
  }),

  portCase('a script that the server does not know is loaded', async (port, target) => {
    const key = freshKey();
    const script = unknownScript("return redis.call('INCR', KEYS[1])");
    assert.equal(await port.script(script, [key], []), 1);
    assert.equal(await port.script(script, [key], []), 2);
    await target.command('SCRIPT', 'FLUSH');
    assert.deepEqual(await Promise.all([1, 2, 3].map(() => port.script(script, [key], []))), [3, 4, 5]);
  }),

  portCase('errors of scripts keep their first word', async (port) => {
    const key = freshKey();
    const raised = await rejects(
      port.script(unknownScript("return redis.error_reply('MINE it is')"), [key], []),
      'REPLY',
    );
    assert.equal(raised.reply, 'MINE');
    await rejects(port.script(unknownScript('error("x")'), [key], []), 'REPLY');
    await port.send(keyed('SET', key, 'x'));
    const wrong = await rejects(
      port.script(unknownScript("return redis.call('LPUSH', KEYS[1], 1)"), [key], []),
      'REPLY',
    );
    assert.equal(wrong.reply, 'WRONGTYPE');
  }),

  portCase('a script within a transaction needs no loading', async (port) => {
    const key = freshKey();
    const script = unknownScript("return redis.call('INCR', KEYS[1])");
    const session = await port.session({ key });
    await session.send({ args: ['MULTI'] });
    assert.equal(await session.script(script, [key], []), 'QUEUED');
    assert.equal(await session.script(script, [key], []), 'QUEUED');
    assert.deepEqual(await session.send({ args: ['EXEC'] }), [1, 2]);
    await session.close();
  }),
];
