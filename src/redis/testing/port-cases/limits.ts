/** Deadlines, signals and the bound on what is under way. */
import assert from 'node:assert/strict';
import { ask, blocked, freshKey, keyed, portCase, rejects } from './support.ts';

export const limitCases = [
  portCase('a call settles at its deadline', async (port, target) => {
    const session = await port.session({ key: freshKey() });
    const before = port.clock.now();
    const error = await rejects(session.send(keyed('BLPOP', freshKey(), 0), { deadlineMs: 60 }), 'TIMEOUT');
    assert.ok(port.clock.now() - before >= 60);
    assert.equal(error.retryable, true);
    await blocked(target);
    await session.close();
    // Other connections are as before.
    assert.equal(await ask(port, 'SET', freshKey(), 1), 'OK');
  }),

  portCase('a frozen server: every call settles at its deadline', { needs: 'freeze' }, async (port, target) => {
    const { freeze, thaw } = target.faults!;
    const key = freshKey();
    await ask(port, 'SET', key, 'x');
    const session = await port.session({ key });
    freeze();
    try {
      const before = port.clock.now();
      const calls = [30, 50, 70, 90].flatMap((deadlineMs) => [
        rejects(port.send(keyed('GET', key), { deadlineMs }), 'TIMEOUT'),
        rejects(session.send(keyed('GET', key), { deadlineMs }), 'TIMEOUT'),
        rejects(port.send({ ...keyed('GET', key), readOnly: true }, { deadlineMs }), 'TIMEOUT'),
      ]);
      await Promise.all(calls);
      const results = await port.pipeline([keyed('GET', key), keyed('GET', key)], { deadlineMs: 20 });
      assert.ok(results.every((result) => !result.ok));
      // Loose, for machines under load; the bench holds it to 50 ms.
      assert.ok(port.clock.now() - before < 5000);
    } finally {
      thaw();
    }
    assert.equal(await ask(port, 'GET', key), 'x');
    assert.equal(await ask(session, 'GET', key), 'x');
    await session.close();
  }),

  portCase('an aborted call is not sent', async (port) => {
    const key = freshKey();
    const reason = new Error('enough');
    const error = await rejects(port.send(keyed('INCR', key), { signal: AbortSignal.abort(reason) }), 'ABORTED');
    assert.equal(error.cause, reason);
    await rejects(port.pipeline([keyed('INCR', key)], { signal: AbortSignal.abort() }), 'ABORTED');
    assert.equal(await ask(port, 'GET', key), null);
  }),

  portCase('a signal ends all calls that it was given to, at once', async (port, target) => {
    const key = freshKey();
    const session = await port.session({ key });
    const controller = new AbortController();
    const { signal } = controller;
    const calls = [session.send(keyed('BLPOP', key, 0), { signal })];
    for (let count = 0; count < 50; count++) calls.push(session.send(keyed('GET', key), { signal }));
    const ends = Promise.all(calls.map((call) => rejects(call, 'ABORTED')));
    await blocked(target);
    controller.abort();
    await ends;
    await session.close();
  }),

  portCase('what is under way is bounded by number', { maxInFlight: 4 }, async (port, target) => {
    const key = freshKey();
    const session = await port.session({ key });
    const waiting = [session.send(keyed('BLPOP', key, 0)), ...[1, 2, 3].map(() => ask(session, 'LLEN', key))];
    const error = await rejects(ask(session, 'LLEN', key), 'OVERLOADED');
    assert.equal(error.retryable, true);
    await rejects(session.pipeline([keyed('LLEN', key)]), 'OVERLOADED');
    await blocked(target);
    await ask(port, 'RPUSH', key, 'go');
    assert.deepEqual(await Promise.all(waiting), [[key, 'go'], 0, 0, 0]);
    assert.equal(await ask(session, 'LLEN', key), 0);
    // A pipeline goes out as a whole where there is room for one.
    const results = await port.pipeline(Array.from({ length: 20 }, () => keyed('LLEN', key)));
    assert.ok(results.every((result) => result.ok));
    await session.close();
  }),

  portCase('what is under way is bounded by bytes', { maxInFlightBytes: 10_000 }, async (port, target) => {
    const [key, big] = [freshKey(), freshKey()];
    const session = await port.session({ key });
    const pop = session.send(keyed('BLPOP', key, 0));
    const set = ask(session, 'SET', big, 'x'.repeat(20_000));
    await rejects(ask(session, 'GET', big), 'OVERLOADED');
    await blocked(target);
    await ask(port, 'RPUSH', key, 'go');
    assert.deepEqual(await Promise.all([pop, set]), [[key, 'go'], 'OK']);
    await session.close();
  }),

  portCase(
    'a frozen server does not fill the memory',
    { needs: 'freeze', maxInFlight: 50, stuckAfterMs: 60_000 },
    async (port, target) => {
      const key = freshKey();
      await ask(port, 'SET', key, 'x');
      target.faults!.freeze();
      try {
        const first = Array.from({ length: 50 }, () => port.send(keyed('GET', key), { deadlineMs: 20 }));
        await Promise.all(first.map((call) => rejects(call, 'TIMEOUT')));
        // The client still holds them.
        const error = await rejects(ask(port, 'GET', key), 'OVERLOADED');
        assert.match(error.message, /50 of them are past their deadline/);
      } finally {
        target.faults!.thaw();
      }
      let reply: unknown;
      for (let tries = 0; tries < 500 && reply !== 'x'; tries++) {
        await new Promise((resolve) => port.clock.after(5, () => resolve(undefined)));
        reply = await ask(port, 'GET', key).catch(() => undefined);
      }
      assert.equal(reply, 'x');
    },
  ),

  portCase('a call without time is not sent', async (port) => {
    const key = freshKey();
    const error = await port.send(keyed('INCR', key), { deadlineMs: 0 }).catch((caught: unknown) => caught);
    assert.ok(error instanceof Error);
    assert.equal(await ask(port, 'GET', key), null);
  }),
];
