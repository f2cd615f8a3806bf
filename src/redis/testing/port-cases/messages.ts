/** Messages of channels. */
import assert from 'node:assert/strict';
import { cutConnections, eventually, freshKey, portCase, rejects } from './support.ts';

export const messageCases = [
  portCase('messages come in order, to all that subscribed', async (port, target) => {
    const [one, two] = [freshKey('one'), freshKey('two')];
    const heard: string[] = [];
    const other: string[] = [];
    const first = await port.subscribe([one, two], {
      message: (channel, payload) => void heard.push(`${channel === one ? 1 : 2}${payload}`),
    });
    const second = await port.subscribe([two], { message: (_channel, payload) => void other.push(payload) });
    for (const [channel, payload] of [
      [one, 'a'],
      [two, 'ü'],
      [one, ''],
      [two, 'last'],
    ] as const) {
      await port.send({ args: ['PUBLISH', channel, payload] });
    }
    await eventually(() => heard.length === 4 && other.length === 2, 'messages');
    // Nodes of a cluster pass messages on without waiting for each other.
    const ordered = target.cluster ? [...heard].sort() : heard;
    assert.deepEqual(ordered, target.cluster ? ['1', '1a', '2last', '2ü'] : ['1a', '2ü', '1', '2last']);
    assert.deepEqual([...other].sort(), ['last', 'ü']);
    await first.close();
    await port.send({ args: ['PUBLISH', two, 'after'] });
    await eventually(() => other.length === 3, 'messages after one subscription was closed');
    assert.equal(heard.length, 4);
    await second.close();
    await second.close();
  }),

  portCase('a subscription holds from the moment it is given', async (port) => {
    for (let round = 0; round < 20; round++) {
      const channel = freshKey();
      const heard: string[] = [];
      const subscription = await port.subscribe([channel], { message: (_, payload) => void heard.push(payload) });
      await port.send({ args: ['PUBLISH', channel, 'x'] });
      await eventually(() => heard.length === 1, 'the message');
      await subscription.close();
    }
  }),

  portCase('a cut connection is told as a gap, and made again', async (port, target) => {
    const channel = freshKey();
    const heard: string[] = [];
    const subscription = await port.subscribe([channel], {
      message: (_, payload) => void heard.push(payload),
      gap: () => void heard.push('gap'),
    });
    await cutConnections(target, 'pubsub');
    await eventually(() => heard.length === 1, 'the gap');
    // From the gap on nothing is missed.
    await eventually(
      () =>
        port.send({ args: ['PUBLISH', channel, 'again'] }).then(
          () => true,
          () => false,
        ),
      'publishing again',
    );
    await eventually(() => heard.length === 2, 'the message after the gap');
    assert.deepEqual(heard, ['gap', 'again']);
    await subscription.close();
  }),

  portCase('a listener that throws harms no other', async (port) => {
    const channel = freshKey();
    const heard: string[] = [];
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    try {
      const broken = await port.subscribe([channel], {
        message() {
          throw new Error('of the listener');
        },
      });
      const sound = await port.subscribe([channel], { message: (_, payload) => void heard.push(payload) });
      await port.send({ args: ['PUBLISH', channel, '1'] });
      await port.send({ args: ['PUBLISH', channel, '2'] });
      await eventually(() => heard.length === 2, 'the messages');
      await eventually(() => warnings.some(({ message }) => message === 'of the listener'), 'a warning');
      await broken.close();
      await sound.close();
    } finally {
      process.off('warning', onWarning);
    }
  }),

  portCase('subscribing can be aborted', async (port) => {
    const listener = { message() {} };
    await rejects(port.subscribe([freshKey()], listener, { signal: AbortSignal.abort() }), 'ABORTED');
    const subscription = await port.subscribe([freshKey()], listener);
    await subscription.close();
  }),
];
