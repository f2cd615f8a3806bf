/** Connections come, are lost and end. */
import assert from 'node:assert/strict';
import { ask, blocked, cutConnections, eventually, freshKey, keyed, portCase, rejects } from './support.ts';

export const connectionCases = [
  portCase('a port knows its server', async (port, target) => {
    const capabilities = await port.capabilities();
    assert.match(capabilities.version, /^\d+\.\d+\.\d+/);
    assert.equal(capabilities.cluster, target.cluster === true);
    assert.equal(capabilities.tracking, true);
    assert.equal(await port.capabilities(), capabilities);
    assert.match(port.name, /\w/);
    assert.equal(port.state, 'ready');
  }),

  portCase('a cut connection is made again', async (port, target) => {
    const key = freshKey();
    await ask(port, 'SET', key, 'x');
    await cutConnections(target, 'normal');
    // What is sent meanwhile waits for the new connection or is told that there is none.
    await eventually(
      () =>
        ask(port, 'GET', key).then(
          (reply) => reply === 'x',
          () => false,
        ),
      'reconnect',
    );
    assert.equal(await ask(port, 'GET', key), 'x');
  }),

  portCase('a server that is down is told at once, with the cause', { needs: 'restart' }, async (port, target) => {
    const { stop, start } = target.faults!;
    const key = freshKey();
    await ask(port, 'SET', key, 'x');
    await stop!();
    try {
      await eventually(() => port.state === 'unavailable', 'that the port notices');
      const before = port.clock.now();
      const error = await rejects(ask(port, 'GET', key), 'UNAVAILABLE');
      assert.ok(port.clock.now() - before < 1000);
      assert.ok(error.cause instanceof Error);
      assert.match(error.message, /^GET: no connection to Redis at .+ \(.+\)$/);
      await rejects(port.pipeline([keyed('GET', key)]), 'UNAVAILABLE');
      await rejects(port.subscribe([key], { message() {} }), 'UNAVAILABLE');
    } finally {
      await start!();
    }
    await eventually(
      () =>
        ask(port, 'GET', key).then(
          () => true,
          () => false,
        ),
      'the server is back',
      20_000,
    );
    assert.equal(port.state, 'ready');
  }),

  portCase('closing a port ends what it opened, and nothing hangs', async (port, target) => {
    const key = freshKey();
    const session = await port.session({ key });
    const pop = rejects(session.send(keyed('BLPOP', key, 0)), 'CLOSED');
    await port.subscribe([key], { message() {} });
    const tracker = await port.track({ changed() {} });
    await blocked(target);
    await port.close();
    await port.close();
    await pop;
    assert.equal(port.state, 'closed');
    await rejects(ask(port, 'GET', key), 'CLOSED');
    await rejects(port.pipeline([keyed('GET', key)]), 'CLOSED');
    await rejects(port.session(), 'CLOSED');
    await rejects(port.subscribe([key], { message() {} }), 'CLOSED');
    await rejects(port.track({ changed() {} }), 'CLOSED');
    await rejects(tracker.read(keyed('GET', key)), 'CLOSED');
  }),

  portCase('calls under way when a port is closed are told so', async (port) => {
    await port.capabilities();
    const call = rejects(port.send(keyed('GET', freshKey())), 'CLOSED');
    await port.close();
    await call;
  }),
];
