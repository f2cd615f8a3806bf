/** Replies have one shape, whatever the client and the protocol. */
import assert from 'node:assert/strict';
import { toEntries, toStreams } from '../../port/streams.ts';
import type { Command, Reply } from '../../port/types.ts';
import { ask, freshKey, keyed, portCase, rejects } from './support.ts';

export const replyCases = [
  portCase('replies have the shapes that RESP2 gives them', async (port) => {
    const [text, hash, set, zset, list, counter] = ['t', 'h', 's', 'z', 'l', 'c'].map(freshKey) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const rows: readonly (readonly [Command, Reply])[] = [
      [keyed('SET', text, 'väl ✓'), 'OK'],
      [keyed('GET', text), 'väl ✓'],
      [keyed('GET', freshKey('none')), null],
      [keyed('get', text), 'väl ✓'],
      [keyed('APPEND', text, ''), 8],
      [keyed('SET', counter, 41), 'OK'],
      [keyed('INCR', counter), 42],
      [keyed('DECRBY', counter, 50), -8],
      [keyed('SET', counter, -1.5), 'OK'],
      [keyed('INCRBYFLOAT', counter, '2.25'), '0.75'],
      [keyed('HSET', hash, 'b', 1, 'a', 'two', '10', 'x'), 3],
      [keyed('HGET', hash, 'b'), '1'],
      [keyed('HMGET', hash, 'a', 'none'), ['two', null]],
      [keyed('HGETALL', hash), ['b', '1', 'a', 'two', '10', 'x']],
      [keyed('hgetall', hash), ['b', '1', 'a', 'two', '10', 'x']],
      [keyed('HGETALL', freshKey('none')), []],
      [keyed('SADD', set, 'one'), 1],
      [keyed('SMEMBERS', set), ['one']],
      [keyed('SISMEMBER', set, 'one'), 1],
      [keyed('ZADD', zset, '1.5', 'm', 3, 'n'), 2],
      [keyed('ZSCORE', zset, 'm'), '1.5'],
      [keyed('ZSCORE', zset, 'n'), '3'],
      [keyed('ZINCRBY', zset, '0.25', 'm'), '1.75'],
      [keyed('ZADD', zset, 'inf', 'o'), 1],
      [keyed('ZSCORE', zset, 'o'), 'inf'],
      [keyed('ZRANGE', zset, 0, -1), ['m', 'n', 'o']],
      [keyed('RPUSH', list, 'a', 'b'), 2],
      [keyed('LRANGE', list, 0, -1), ['a', 'b']],
      [keyed('LPOP', list, 5), ['a', 'b']],
      [keyed('LPOP', list, 5), null],
      [keyed('PTTL', text), -1],
      [keyed('TYPE', hash), 'hash'],
      [{ args: ['EXISTS', text, hash, freshKey('none')], key: text }, 2],
    ];
    for (const [command, expected] of rows) {
      assert.deepEqual(await port.send(command), expected, command.args.join(' '));
    }
  }),

  portCase('bytes go and come unchanged', async (port) => {
    const key = freshKey();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await ask(port, 'SET', key, bytes);
    const reply = await port.send(keyed('GET', key), { buffers: true });
    assert.ok(reply instanceof Uint8Array);
    assert.deepEqual([...reply], [...bytes]);
    const hash = freshKey('h');
    await ask(port, 'HSET', hash, 'f', Buffer.from([255, 0]));
    const map = (await port.send(keyed('HGETALL', hash), { buffers: true })) as readonly Uint8Array[];
    assert.deepEqual(
      map.map((item) => [...item]),
      [[102], [255, 0]],
    );
    assert.equal(await port.send(keyed('GET', freshKey('none')), { buffers: true }), null);
    assert.equal(await port.send(keyed('STRLEN', key), { buffers: true }), 256);
  }),

  portCase('a megabyte goes and comes', async (port) => {
    const key = freshKey();
    const value = 'ü'.repeat(512 * 1024);
    await ask(port, 'SET', key, value);
    assert.equal(await ask(port, 'GET', key), value);
  }),

  portCase('error replies carry their first word', async (port) => {
    const key = freshKey();
    await ask(port, 'SET', key, 'x');
    const wrongType = await rejects(ask(port, 'LPUSH', key, 'y'), 'REPLY');
    assert.equal(wrongType.reply, 'WRONGTYPE');
    assert.equal(wrongType.retryable, false);
    assert.match(wrongType.message, /^WRONGTYPE Operation against a key/);
    assert.equal((await rejects(ask(port, 'INCR', key), 'REPLY')).reply, 'ERR');
    assert.equal((await rejects(port.send({ args: ['NOSUCHCOMMAND'] }), 'REPLY')).reply, 'ERR');
    assert.equal((await rejects(ask(port, 'GET', key, 'extra'), 'REPLY')).reply, 'ERR');
  }),

  portCase('a full server is told apart', { needs: 'single' }, async (port, target) => {
    const key = freshKey();
    await ask(port, 'SET', key, 'x');
    await target.command('CONFIG', 'SET', 'maxmemory', '1');
    try {
      assert.equal((await rejects(ask(port, 'SET', key, 'y'), 'OUT_OF_MEMORY')).reply, 'OOM');
      assert.equal(await ask(port, 'GET', key), 'x');
    } finally {
      await target.command('CONFIG', 'SET', 'maxmemory', '0');
    }
  }),

  portCase('commands are answered in the order in which they were sent', async (port) => {
    const key = freshKey();
    const replies = await Promise.all(Array.from({ length: 500 }, () => ask(port, 'INCR', key)));
    assert.deepEqual(
      replies,
      Array.from({ length: 500 }, (_, index) => index + 1),
    );
  }),

  portCase('each command of a pipeline ends by itself', async (port) => {
    const key = freshKey();
    const results = await port.pipeline([keyed('SET', key, '1'), keyed('LPUSH', key, 'x'), keyed('INCR', key)]);
    assert.deepEqual(
      results.map((result) => (result.ok ? result.reply : 'failed')),
      ['OK', 'failed', 2],
    );
    assert.deepEqual(await port.pipeline([]), []);
  }),

  portCase('the commands of a pipeline follow each other', { needs: 'single' }, async (port) => {
    const key = freshKey();
    const pipelines = Array.from({ length: 20 }, () =>
      port.pipeline([{ args: ['MULTI'] }, keyed('INCR', key), keyed('INCR', key), { args: ['EXEC'] }]),
    );
    const others = Array.from({ length: 20 }, () => ask(port, 'GET', key));
    const last = (await Promise.all(pipelines)).map((results) => results.at(-1));
    await Promise.all(others);
    assert.deepEqual(
      last,
      Array.from({ length: 20 }, (_, index) => ({ ok: true, reply: [2 * index + 1, 2 * index + 2] })),
    );
  }),

  portCase('entries of streams are read out of every shape', async (port) => {
    const key = freshKey();
    const id = String(await ask(port, 'XADD', key, '*', 'f', 'v', 'g', 'w'));
    const entry = { id, fields: ['f', 'v', 'g', 'w'] };
    const read = await port.send({ args: ['XREAD', 'COUNT', 5, 'STREAMS', key, '0'], key, readOnly: true });
    assert.deepEqual(toStreams(read), [{ stream: key, entries: [entry] }]);
    await port.send({ args: ['XGROUP', 'CREATE', key, 'g', '0'], key });
    const group = await port.send({ args: ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', key, '>'], key });
    assert.deepEqual(toStreams(group), [{ stream: key, entries: [entry] }]);
    assert.deepEqual(
      toStreams(await port.send({ args: ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', key, '>'], key })),
      [],
    );
    assert.deepEqual(toEntries(await ask(port, 'XRANGE', key, '-', '+')), [entry]);
    await ask(port, 'XDEL', key, id);
    const pending = await port.send({ args: ['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', key, '0'], key });
    assert.deepEqual(toStreams(pending), [{ stream: key, entries: [{ id, fields: null }] }]);
  }),

  portCase('an error among the replies of a transaction rejects it', { needs: 'single' }, async (port) => {
    const key = freshKey();
    const results = await port.pipeline([
      { args: ['MULTI'] },
      keyed('SET', key, 'x'),
      keyed('INCR', key),
      { args: ['EXEC'] },
    ]);
    const exec = results.at(-1)!;
    assert.ok(!exec.ok);
    await rejects(Promise.reject(exec.error), 'REPLY');
  }),
];
