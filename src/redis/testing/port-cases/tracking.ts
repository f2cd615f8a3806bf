/** Reads of which the server tells when they change. */
import assert from 'node:assert/strict';
import type { TrackingListener } from '../../port/types.ts';
import { ask, cutConnections, eventually, freshKey, keyed, portCase, rejects } from './support.ts';

function recorder(): { readonly told: (readonly string[] | null)[]; readonly listener: TrackingListener } {
  const told: (readonly string[] | null)[] = [];
  return { told, listener: { changed: (keys) => void told.push(keys) } };
}

export const trackingCases = [
  portCase('a change is told once for each read', async (port) => {
    const [key, unread] = [freshKey(), freshKey('unread')];
    await ask(port, 'SET', key, '1');
    const { told, listener } = recorder();
    const tracker = await port.track(listener);
    assert.equal(await tracker.read(keyed('GET', key)), '1');
    assert.ok(tracker.validUntil > port.clock.now());
    await ask(port, 'SET', unread, 'x');
    await ask(port, 'SET', key, '2');
    await eventually(() => told.length === 1, 'the change');
    await ask(port, 'SET', key, '3');
    assert.equal(await tracker.read(keyed('GET', key)), '3');
    await ask(port, 'DEL', key);
    await eventually(() => told.length === 2, 'the second change');
    assert.deepEqual(told, [[key], [key]]);
    assert.equal(await tracker.read(keyed('GET', key), { buffers: true }), null);
    await ask(port, 'SET', key, '4');
    await eventually(() => told.length === 3, 'a key that comes to be');
    await tracker.close();
    await rejects(tracker.read(keyed('GET', key)), 'CLOSED');
  }),

  portCase('a read of several keys is told for each', async (port) => {
    const [one, two] = [freshKey('one'), freshKey('two')];
    const { told, listener } = recorder();
    const tracker = await port.track(listener);
    assert.deepEqual(await tracker.read({ args: ['MGET', one, two], key: one }), [null, null]);
    await ask(port, 'SET', two, 'x');
    await ask(port, 'SET', one, 'x');
    await eventually(() => told.flat().length === 2, 'the changes');
    assert.deepEqual(told.flat(), [two, one]);
    await tracker.close();
  }),

  portCase('many reads at once keep their replies', async (port) => {
    const key = freshKey();
    await port.pipeline(Array.from({ length: 100 }, (_, index) => keyed('SET', `${key}:${index}`, index)));
    const tracker = await port.track(recorder().listener);
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, index) => tracker.read(keyed('GET', `${key}:${index}`))),
    );
    assert.deepEqual(
      replies,
      Array.from({ length: 100 }, (_, index) => String(index)),
    );
    await tracker.close();
  }),

  portCase('an expired key is told', async (port) => {
    const { told, listener } = recorder();
    const tracker = await port.track(listener);
    // Longer where the machine is too slow to read it in time.
    for (let ms = 20, seen = false; !seen; ms *= 2) {
      const key = freshKey();
      await ask(port, 'SET', key, 'x', 'PX', ms);
      seen = (await tracker.read(keyed('GET', key))) === 'x';
      if (!seen) continue;
      await eventually(async () => (await ask(port, 'EXISTS', key)) === 0, 'the expiry');
      await eventually(() => told.some((keys) => keys?.includes(key)), 'that it is told');
    }
    await tracker.close();
  }),

  portCase('flushing tells that any key may have changed', async (port, target) => {
    const key = freshKey();
    const { told, listener } = recorder();
    const tracker = await port.track(listener);
    await tracker.read(keyed('GET', key));
    await target.command('FLUSHALL');
    await eventually(() => told.includes(null), 'the flush');
    await tracker.close();
  }),

  ...(['normal', 'pubsub'] as const).map((type) =>
    portCase(`a cut ${type} connection tells that any key may have changed`, async (port, target) => {
      const key = freshKey();
      const { told, listener } = recorder();
      const tracker = await port.track(listener);
      await tracker.read(keyed('GET', key));
      await cutConnections(target, type);
      await eventually(() => told.includes(null), 'the loss');
      await eventually(
        () =>
          tracker.read(keyed('GET', key)).then(
            () => true,
            () => false,
          ),
        'tracking again',
      );
      told.length = 0;
      await eventually(
        () =>
          ask(port, 'SET', key, 'x').then(
            () => true,
            () => false,
          ),
        'reconnect',
      );
      await eventually(() => told.some((keys) => keys?.includes(key)), 'the change');
      await tracker.close();
    }),
  ),

  portCase('trackers of a port share its connections', async (port) => {
    const key = freshKey();
    const [one, two] = [recorder(), recorder()];
    const first = await port.track(one.listener);
    const second = await port.track(two.listener);
    await first.read(keyed('GET', key));
    await second.read(keyed('GET', key));
    await ask(port, 'SET', key, 'x');
    await eventually(() => one.told.length === 1 && two.told.length === 1, 'the change');
    await first.close();
    await second.read(keyed('GET', key));
    await ask(port, 'SET', key, 'y');
    await eventually(() => two.told.length === 2, 'the second change');
    assert.equal(one.told.length, 1);
    await second.close();
  }),
];
