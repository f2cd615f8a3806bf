// SLOWLOG and LATENCY: which commands took long, which events held the server up.

import type { Call } from '../dispatch/call.ts';
import type { Command, Handlers } from '../dispatch/registry.ts';
import { CommandError } from '../errors.ts';
import { doctorReport } from '../introspection/doctor.ts';
import { largestOf } from '../introspection/histogram.ts';
import { latencyOf } from '../introspection/latency.ts';
import { slowLogOf } from '../introspection/slowlog.ts';
import { drawSpikes } from '../introspection/sparkline.ts';
import { parseSafeInteger } from '../util/numbers.ts';
import { helpHandler, subcommandSyntaxError } from './help.ts';

export const slowlogHandlers = {
  'slowlog|get': get,
  'slowlog|len': (call) => call.reply.integer(slowLogOf(call.server).entries.length),
  'slowlog|reset': reset,
  'slowlog|help': helpHandler('slowlog'),
  'latency|latest': latest,
  'latency|history': history,
  'latency|reset': (call) => call.reply.integer(latencyOf(call.server).reset(call.args(2))),
  'latency|graph': graph,
  'latency|doctor': (call) => call.reply.verbatim('txt', doctorReport(call.server)),
  'latency|histogram': histogram,
  'latency|help': helpHandler('latency'),
} satisfies Handlers;

const DEFAULT_COUNT = 10;

function get(call: Call): void {
  if (call.argc > 3) throw subcommandSyntaxError(call);
  const log = slowLogOf(call.server);
  let count: number = DEFAULT_COUNT;
  if (call.argc === 3) {
    const given = parseSafeInteger(call.arg(2));
    if (given === undefined || given < -1) throw new CommandError('ERR count should be greater than or equal to -1');
    count = given === -1 ? log.entries.length : given;
  }
  const { reply } = call;
  const entries = log.latest(count);
  reply.array(entries.length);
  for (const { id, at, microseconds, args, peer, name } of entries) {
    reply.array(6);
    reply.integer(id);
    reply.integer(at);
    reply.integer(microseconds);
    reply.bulks(args);
    reply.bulk(peer);
    reply.bulk(name);
  }
}

function reset(call: Call): void {
  slowLogOf(call.server).entries = [];
  call.reply.ok();
}

function latest(call: Call): void {
  const { events } = latencyOf(call.server);
  call.reply.array(events.size);
  for (const [event, { spikes, longest }] of events) {
    const last = spikes.at(-1)!;
    call.reply.array(4);
    call.reply.bulk(event);
    call.reply.integer(last.at);
    call.reply.integer(last.milliseconds);
    call.reply.integer(longest);
  }
}

function history(call: Call): void {
  const spikes = latencyOf(call.server).events.get(call.arg(2))?.spikes ?? [];
  call.reply.array(spikes.length);
  for (const { at, milliseconds } of spikes) {
    call.reply.array(2);
    call.reply.integer(at);
    call.reply.integer(milliseconds);
  }
}

function graph(call: Call): void {
  const event = call.arg(2);
  const series = latencyOf(call.server).events.get(event);
  if (series === undefined) throw new CommandError(`ERR No samples available for event '${event}'`);
  const { spikes, longest } = series;
  const values = spikes.map(({ milliseconds }) => milliseconds);
  const head = `${event} - high ${Math.max(...values)} ms, low ${Math.min(...values)} ms (all time high ${longest} ms)`;
  const now = Math.floor(call.server.clock.now() / 1000);
  call.reply.verbatim('txt', `${head}\n${'-'.repeat(80)}\n${drawSpikes(spikes, now)}`);
}

/** The smallest limit that LATENCY HISTOGRAM tells, in nanoseconds; each further one is twice as large. */
const FIRST_LIMIT = 1024;

function histogram(call: Call): void {
  const { server, reply } = call;
  const chosen =
    call.argc === 2 ? [...server.registry.used()] : call.args(2).flatMap((name) => withSubcommands(call, name));
  const called = chosen.filter((command) => command.histogram !== undefined);
  reply.map(called.length);
  for (const { name, histogram: times } of called) {
    reply.bulk(name);
    reply.map(2);
    reply.bulk('calls');
    reply.integer(times!.total);
    reply.bulk('histogram_usec');
    const limits = [...times!.cumulative(FIRST_LIMIT)];
    reply.map(limits.length);
    for (const [limit, count] of limits) {
      reply.integer(Math.floor(largestOf(limit) / 1000));
      reply.integer(count);
    }
  }
}

function withSubcommands({ server }: Call, name: string): Command[] {
  const command = server.registry.get(name.toLowerCase());
  if (command === undefined) return [];
  return [command, ...(command.subcommands?.values() ?? [])];
}
