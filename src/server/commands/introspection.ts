// What a server tells of itself: INFO, TIME, MONITOR, MEMORY, LOLWUT.

import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import { drawTriangle } from '../introspection/drawing.ts';
import { infoText } from '../introspection/info/index.ts';
import { reportMemory } from '../introspection/memory.ts';
import { monitorsOf } from '../introspection/monitor.ts';
import { isFromScript, scriptingOf } from '../scripting/engine.ts';
import { helpHandler } from './help.ts';

export const introspectionHandlers = {
  info: (call) => call.reply.verbatim('txt', infoText(call.server, call.args(1))),
  time,
  monitor,
  lolwut,
  'memory|usage': usage,
  'memory|stats': stats,
  'memory|doctor': doctor,
  'memory|purge': (call) => call.reply.ok(),
  'memory|malloc-stats': (call) => call.reply.verbatim('txt', mallocStats()),
  'memory|help': helpHandler('memory'),
} satisfies Handlers;

function time(call: Call): void {
  const now = isFromScript(call) ? scriptingOf(call.server).invoker.time() : call.server.clock.microseconds();
  call.reply.bulks([String(Math.floor(now / 1e6)), String(now % 1e6)]);
}

/** A second MONITOR answers nothing, as in Redis: the stream has begun. */
function monitor(call: Call): void {
  if (!call.mayBlock) throw new CommandError("ERR MONITOR isn't allowed for DENY BLOCKING client");
  if (monitorsOf(call.server).add(call.client)) call.reply.ok();
}

function lolwut(call: Call): void {
  let version: number | undefined;
  if (call.argc >= 3 && call.is(1, 'version')) version = call.integer(2);
  const picture = version === undefined || version === 5 || version === 6 ? drawTriangle(16) : '';
  call.reply.verbatim('txt', `${picture}Redis ver. ${call.server.settings.version}\n`);
}

function usage(call: Call): void {
  for (let i = 3; i < call.argc; i += 2) {
    if (!call.is(i, 'samples') || i + 1 >= call.argc) throw SYNTAX_ERROR;
    if (call.integer(i + 1) < 0) throw SYNTAX_ERROR;
  }
  const slot = call.db.peekKey(call.arg(2));
  if (slot < 0) return call.reply.null();
  call.reply.integer(call.db.memoryOf(slot));
}

function stats(call: Call): void {
  const { server, reply } = call;
  const report = reportMemory(server);
  const keys = report.databases.reduce((sum, database) => sum + database.keys, 0);
  const data = report.used - report.startup;
  const integers: Record<string, number> = {
    'peak.allocated': report.peak,
    'total.allocated': report.used,
    'startup.allocated': report.startup,
    'replication.backlog': 0,
    'clients.slaves': 0,
    'clients.normal': report.clients,
    'cluster.links': 0,
    'aof.buffer': 0,
    'lua.caches': 0,
    'functions.caches': 0,
  };
  const totals: Record<string, number> = {
    'overhead.total': report.overhead,
    'keys.count': keys,
    'keys.bytes-per-key': keys === 0 ? 0 : Math.floor(data / keys),
    'dataset.bytes': report.dataset,
  };
  const shares: Record<string, number> = {
    'dataset.percentage': data <= 0 ? 0 : (report.dataset / data) * 100,
    'peak.percentage': (report.used / report.peak) * 100,
  };
  const allocator: Record<string, number> = {
    'allocator.allocated': report.heapUsed,
    'allocator.active': report.heapTotal,
    'allocator.resident': report.resident,
  };
  const fragmentation: [string, number, string, number][] = [
    [
      'allocator-fragmentation.ratio',
      report.heapTotal / report.heapUsed,
      'allocator-fragmentation.bytes',
      report.heapTotal - report.heapUsed,
    ],
    [
      'allocator-rss.ratio',
      report.resident / report.heapTotal,
      'allocator-rss.bytes',
      report.resident - report.heapTotal,
    ],
    ['rss-overhead.ratio', 1, 'rss-overhead.bytes', 0],
    ['fragmentation', report.resident / report.used, 'fragmentation.bytes', report.resident - report.used],
  ];
  const fields = [integers, totals, shares, allocator].reduce((sum, group) => sum + Object.keys(group).length, 0);
  reply.map(fields + report.databases.length + fragmentation.length * 2);
  const write = (group: Readonly<Record<string, number>>, asDouble = false): void => {
    for (const [name, value] of Object.entries(group)) {
      reply.bulk(name);
      if (asDouble) reply.double(value);
      else reply.integer(value);
    }
  };
  write(integers);
  for (const { id, main, expires } of report.databases) {
    reply.bulk(`db.${id}`);
    reply.map(3);
    write({ 'overhead.hashtable.main': main, 'overhead.hashtable.expires': expires });
    write({ 'overhead.hashtable.slot-to-keys': 0 });
  }
  write(totals);
  write(shares, true);
  write(allocator);
  for (const [ratioName, ratio, bytesName, bytes] of fragmentation) {
    write({ [ratioName]: ratio }, true);
    write({ [bytesName]: bytes });
  }
}

const LITTLE = 5 * 1024 * 1024;

function doctor(call: Call): void {
  const { used, peak, resident, clients, databases } = reportMemory(call.server);
  const advice: string[] = [];
  if (used < LITTLE) advice.push('This server holds next to no data: there is nothing to find.');
  else {
    if (peak > used * 1.5)
      advice.push('The peak was far above the present use; freed pages may stay with the process.');
    if (resident > used * 1.4) advice.push('The process holds clearly more memory than the data needs.');
    const each = call.server.clients.size === 0 ? 0 : clients / call.server.clients.size;
    if (each > 200 * 1024) advice.push('Clients hold large buffers: some may not read their replies.');
    if (databases.length > 8) advice.push('Many databases are in use, each with tables of its own.');
    if (advice.length === 0) advice.push('No fault found.');
  }
  call.reply.verbatim('txt', `${advice.join('\n')}\n`);
}

function mallocStats(): string {
  const lines = Object.entries(getHeapStatistics()).map(([name, value]) => `${name}: ${value}`);
  for (const { space_name: name, space_size: size, space_used_size: used } of getHeapSpaceStatistics()) {
    lines.push(`${name}: ${used} of ${size} bytes used`);
  }
  return `${lines.join('\n')}\n`;
}
