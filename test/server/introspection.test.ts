/** Timing, histograms, rates, slow log, notifications: what is counted, and that nothing is while nobody asks. */
import { afterEach, describe, expect, test } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer, StartOptions } from '../../src/server/index.ts';
import { Histogram } from '../../src/server/introspection/histogram.ts';
import { drawSpikes } from '../../src/server/introspection/sparkline.ts';

let redis: StartedServer | undefined;

afterEach(async () => {
  await redis?.stop();
  redis = undefined;
});

async function start(options: StartOptions = {}): Promise<StartedServer> {
  redis = await startServer({ clock: 'virtual', now: 1_000_000, settings: { enableDebugCommand: 'yes' }, ...options });
  return redis;
}

/** The RESP text of an answer. */
function ask(server: StartedServer, line: string): string {
  const client = (clients.get(server) ?? clients.set(server, server.server.addClient(undefined)).get(server))!;
  return server.server.execute(client, line.split(' '));
}

const clients = new Map<StartedServer, ReturnType<StartedServer['server']['addClient']>>();

describe('histogram', () => {
  test('reports the largest value of a bucket of two significant digits', () => {
    const histogram = new Histogram();
    histogram.record(9000, 1);
    expect(histogram.percentile(50)).toBe(9023);
    for (const value of [1, 127, 128, 255]) expect(percentileOf(value)).toBe(value);
    expect(percentileOf(256)).toBe(257);
    expect(percentileOf(511)).toBe(511);
    expect(percentileOf(512)).toBe(515);
    expect(percentileOf(1_000_000_000)).toBe(1_002_438_655);
  });

  test('every bucket holds its values, without a gap', () => {
    let last = 0;
    for (let value = 1; value < 100_000; value += 1 + Math.floor(value / 300)) {
      const largest = percentileOf(value);
      expect(largest).toBeGreaterThanOrEqual(value);
      expect(largest).toBeGreaterThanOrEqual(last);
      expect((largest - value) / value).toBeLessThan(1 / 128);
      last = largest;
    }
  });

  test('percentiles and cumulative counts', () => {
    const histogram = new Histogram();
    for (let i = 1; i <= 100; i++) histogram.record(i * 1000, 1);
    expect(histogram.total).toBe(100);
    expect(histogram.percentile(50)).toBe(50_175);
    expect(histogram.percentile(100)).toBe(100_351);
    const counts = [...histogram.cumulative(1024)];
    expect(counts).toEqual([
      [1024, 1],
      [2048, 2],
      [4096, 4],
      [8192, 8],
      [16_384, 16],
      [32_768, 33],
      [65_536, 66],
      [131_072, 100],
    ]);
  });
});

function percentileOf(value: number): number {
  const histogram = new Histogram();
  histogram.record(value, 1);
  return histogram.percentile(100);
}

describe('what commands cost', () => {
  test('short commands are timed in runs, whose calls add up', async () => {
    const server = await start();
    for (let i = 0; i < 10; i++) ask(server, `SET k${i} v`);
    const set = server.server.registry.get('set')!;
    expect(set.calls).toBe(10);
    expect(set.histogram!.total).toBe(10);
    expect(set.microseconds).toBeGreaterThan(0);
  });

  test('sleeping under a virtual clock takes its time without waiting', async () => {
    const server = await start();
    const began = performance.now();
    ask(server, 'DEBUG SLEEP 3');
    expect(performance.now() - began).toBeLessThan(1000);
    expect(server.clock.now()).toBe(1_003_000);
    expect(server.server.registry.get('debug')!.microseconds).toBeGreaterThanOrEqual(3_000_000);
    expect(ask(server, 'SLOWLOG LEN')).toBe(':1\r\n');
    expect(ask(server, 'SLOWLOG GET')).toContain('DEBUG');
  });

  test('the latency monitor keeps the longest delay of a second', async () => {
    const server = await start();
    ask(server, 'CONFIG SET latency-monitor-threshold 100');
    ask(server, 'DEBUG SLEEP 0.2');
    ask(server, 'DEBUG SLEEP 0.05');
    server.clock.set(1_002_000);
    ask(server, 'DEBUG SLEEP 0.4');
    // What the processor needed is counted too, so a loaded machine adds to it.
    expect(ask(server, 'LATENCY HISTORY command')).toMatch(
      /^\*2\r\n\*2\r\n:1000\r\n:2\d\d\r\n\*2\r\n:1002\r\n:4\d\d\r\n$/,
    );
    expect(ask(server, 'LATENCY LATEST')).toMatch(/^\*1\r\n\*4\r\n\$7\r\ncommand\r\n:1002\r\n:(4\d\d)\r\n:\1\r\n$/);
    expect(ask(server, 'LATENCY DOCTOR')).toContain('command: 2 latency spikes');
  });

  test('secrets stay out of the slow log', async () => {
    const server = await start();
    ask(server, 'CONFIG SET slowlog-log-slower-than 0');
    ask(server, 'CONFIG SET masterauth hidden');
    ask(server, 'AUTH hidden');
    ask(server, 'HELLO 2 AUTH default hidden SETNAME me');
    const log = ask(server, 'SLOWLOG GET');
    expect(log).not.toContain('hidden');
    expect(log).toContain('masterauth');
    expect(log).toContain('SETNAME');
  });

  test('RESETSTAT begins anew, itself included', async () => {
    const server = await start();
    ask(server, 'SET a b');
    ask(server, 'GET nothing');
    ask(server, 'NOTHING');
    ask(server, 'CONFIG RESETSTAT');
    expect(ask(server, 'INFO commandstats')).toMatch(/# Commandstats\r\ncmdstat_config\|resetstat:calls=1,/);
    const stats = ask(server, 'INFO stats');
    expect(stats).toContain('keyspace_misses:0');
    expect(stats).toContain('total_error_replies:0');
  });

  test('rates follow the clock', async () => {
    const server = await start();
    for (let second = 0; second < 10; second++) {
      for (let i = 0; i < 50; i++) ask(server, 'PING');
      server.clock.advance(100);
    }
    const rate = Number(/instantaneous_ops_per_sec:(\d+)/.exec(ask(server, 'INFO stats'))![1]);
    expect(rate).toBeGreaterThan(400);
    expect(rate).toBeLessThan(600);
    server.clock.advance('1m');
    expect(ask(server, 'INFO stats')).toContain('instantaneous_ops_per_sec:0');
  });
});

describe('who listens', () => {
  test('nobody, until asked; nobody again afterwards', async () => {
    const server = await start();
    const { effects } = server.server.keyspace;
    const { timing } = server.server;
    expect([effects.listened, timing.exact, server.server.gate]).toEqual([false, false, 0]);
    ask(server, 'CONFIG SET notify-keyspace-events KEA');
    ask(server, 'CONFIG SET slowlog-log-slower-than 0');
    expect([effects.listened, timing.exact]).toEqual([true, true]);
    ask(server, 'CONFIG SET notify-keyspace-events A');
    ask(server, 'CONFIG SET slowlog-log-slower-than 10000');
    expect([effects.listened, timing.exact]).toEqual([false, false]);
  });

  test('settings given at the start are in force', async () => {
    const server = await start({ settings: { notifyKeyspaceEvents: 'KEA', maxmemoryPolicy: 'allkeys-lfu' } });
    expect(server.server.keyspace.effects.listened).toBe(true);
    expect(server.server.keyspace.lfu).toBe(true);
    expect(ask(server, 'CONFIG GET notify-keyspace-events')).toContain('AKE');
    expect(ask(server, 'CONFIG GET port')).toContain(String(server.port));
  });

  test('expired keys are told when the clock passes their time', async () => {
    const server = await start({ settings: { notifyKeyspaceEvents: 'Ex' } });
    const heard: string[] = [];
    const { channels } = server.server;
    const publish = channels.publish.bind(channels);
    channels.publish = (channel, message) => {
      heard.push(`${channel} ${message}`);
      return publish(channel, message);
    };
    ask(server, 'SET a b EX 10');
    ask(server, 'SET c d EX 20');
    server.clock.advance('15s');
    expect(heard).toEqual(['__keyevent@0__:expired a']);
  });
});

test('a graph rises with the delays and tells their ages', () => {
  const graph = drawSpikes(
    [
      { at: 100, milliseconds: 1 },
      { at: 160, milliseconds: 50 },
      { at: 190, milliseconds: 100 },
    ],
    200,
  );
  expect(graph.split('\n')).toEqual(['  `', '  |', ' `|', '_||', '', '141', 'm00', ' ss', '']);
});
