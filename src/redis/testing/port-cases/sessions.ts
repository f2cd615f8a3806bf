/** Sessions: connections of their own. */
import assert from 'node:assert/strict';
import { ask, blocked, cutConnections, eventually, freshKey, keyed, portCase, rejects } from './support.ts';

export const sessionCases = [
  portCase('a blocked session blocks nothing else', async (port, target) => {
    const key = freshKey();
    const session = await port.session({ key });
    const pop = session.send(keyed('BLPOP', key, 0));
    await blocked(target);
    assert.equal(await ask(port, 'SET', freshKey(), 1), 'OK');
    await ask(port, 'RPUSH', key, 'x');
    assert.deepEqual(await pop, [key, 'x']);
    await session.close();
  }),

  portCase('a transaction of a session sees what others change', async (port) => {
    const key = freshKey();
    const session = await port.session({ key });
    await session.send({ args: ['WATCH', key], key });
    await ask(port, 'SET', key, 'other');
    await session.send({ args: ['MULTI'] });
    await ask(session, 'SET', key, 'mine');
    assert.equal(await session.send({ args: ['EXEC'] }), null);
    assert.equal(await ask(port, 'GET', key), 'other');
    await session.close();
  }),

  portCase('unblock ends a wait as if its time were up', async (port, target) => {
    const [list, stream] = [freshKey('l'), freshKey('s')];
    const session = await port.session({ key: list });
    assert.equal(await session.unblock(), false);
    const pop = session.send(keyed('BLPOP', list, 0));
    await blocked(target);
    assert.equal(await session.unblock(), true);
    assert.equal(await pop, null);
    const read = session.send({ args: ['XREAD', 'BLOCK', 0, 'STREAMS', stream, '$'], key: stream });
    // Without waiting for the command to arrive.
    assert.equal(await session.unblock(), true);
    assert.equal(await read, null);
    assert.equal(await ask(session, 'LLEN', list), 0);
    assert.equal(await session.unblock(), false);
    await session.close();
  }),

  portCase('a session whose connection was cut goes on over a new one', async (port, target) => {
    const key = freshKey();
    const session = await port.session({ key });
    const pop = session.send(keyed('BLPOP', key, 0));
    const lost = rejects(pop, 'UNAVAILABLE');
    await blocked(target);
    await cutConnections(target, 'normal');
    assert.equal((await lost).retryable, true);
    assert.equal(
      await eventually(
        () =>
          ask(session, 'LLEN', key).then(
            () => true,
            () => false,
          ),
        'reconnect',
      ),
      true,
    );
    const again = session.send(keyed('BLPOP', key, 0));
    await blocked(target);
    assert.equal(await session.unblock(), true);
    assert.equal(await again, null);
    await session.close();
  }),

  portCase('a read is sent again when its connection was cut, and nothing else', async (port, target) => {
    const [stream, list] = [freshKey('s'), freshKey('l')];
    const reader = await port.session({ key: stream });
    const popper = await port.session({ key: list });
    const read = reader.send({ args: ['XREAD', 'BLOCK', 0, 'STREAMS', stream, '0'], key: stream, readOnly: true });
    const pop = rejects(popper.send(keyed('BLPOP', list, 0)), 'UNAVAILABLE');
    await blocked(target, 2);
    await cutConnections(target, 'normal');
    await pop;
    await blocked(target, 1);
    await eventually(
      () =>
        ask(port, 'RPUSH', list, 'x').then(
          () => true,
          () => false,
        ),
      'reconnect',
    );
    await ask(port, 'XADD', stream, '*', 'f', 'v');
    assert.ok(Array.isArray(await read));
    // The pop was not: what was pushed is still there.
    assert.equal(await ask(port, 'LLEN', list), 1);
    await reader.close();
    await popper.close();
  }),

  portCase('a closed session takes no commands', async (port, target) => {
    const key = freshKey();
    const session = await port.session({ key });
    const pop = rejects(session.send(keyed('BLPOP', key, 0)), 'CLOSED');
    await blocked(target);
    await session.close();
    await session.close();
    await pop;
    await rejects(ask(session, 'GET', key), 'CLOSED');
    assert.equal(await session.unblock(), false);
    assert.equal(await ask(port, 'SET', key, 1), 'OK');
  }),
];
