// Parameters with a little language of their own: save points, percentiles, event classes, adjustments.

import { formatEventClasses, parseEventClasses } from './event-classes.ts';
import { InvalidValue, splitWords } from './kinds.ts';
import { define, string } from './parameter.ts';

export const saveParameter = string('save', '3600 1 300 100 60 10000', {
  normalise: savePoints,
  several: true,
});

export const percentilesParameter = string('latency-tracking-info-percentiles', '50 99 99.9', {
  normalise: percentiles,
  several: true,
});

export const eventParameter = define('notify-keyspace-events', { parse: validEventClasses, format: String }, '', {
  several: true,
  bound: {
    get: (settings) => formatEventClasses(parseEventClasses(settings.notifyKeyspaceEvents)),
    set: (settings, value) => {
      settings.notifyKeyspaceEvents = String(value);
    },
  },
});

export const oomAdjustParameter = string('oom-score-adj-values', '0 200 800', {
  normalise: oomAdjustments,
  several: true,
});

export const titleParameter = string('proc-title-template', '{title} {listen-addr} {server-mode}', {
  normalise: titleTemplate,
});

export const hostnameParameter = string('cluster-announce-hostname', '', { normalise: hostname });

export const fileParameter = string('dbfilename', 'dump.rdb', {
  normalise: (given) => plainName('dbfilename', given),
  protected: true,
});

export const appendFileParameter = string('appendfilename', 'appendonly.aof', {
  normalise: (given) => plainName('appendfilename', given, 'empty'),
  immutable: true,
});

export const appendFolderParameter = string('appenddirname', 'appendonlydir', {
  normalise: (given) => plainName('appenddirname', given, 'empty'),
  immutable: true,
});

export const masterParameter = string('replicaof', '', {
  alias: 'slaveof',
  normalise: masterAddress,
  immutable: true,
  several: true,
});

/** Pairs of seconds and changes, both at least 1 and 0. */
function savePoints(given: string): string {
  const parts = splitWords(given);
  const whole = parts.every((part, i) => /^\d{1,18}$/.test(part) && (i % 2 === 1 || Number(part) > 0));
  if (!whole || parts.length % 2 !== 0) throw new InvalidValue('Invalid save parameters');
  return parts.map(Number).join(' ');
}

function percentiles(given: string): string {
  const parts = given === '' ? [] : given.split(' ');
  const numbers = parts.map((part) => (/^-?(?:\d+\.?\d*|\.\d+)$/.test(part) ? Number(part) : Number.NaN));
  if (numbers.some(Number.isNaN)) {
    throw new InvalidValue('Invalid latency-tracking-info-percentiles parameters');
  }
  if (numbers.some((number) => number < 0 || number > 100)) {
    throw new InvalidValue('latency-tracking-info-percentiles parameters should sit between [0.0,100.0]');
  }
  return numbers.join(' ');
}

function oomAdjustments(given: string): string {
  const parts = splitWords(given);
  if (parts.length !== 3) throw new InvalidValue('wrong number of arguments');
  if (parts.some((part) => !/^-?\d{1,9}$/.test(part) || Math.abs(Number(part)) > 2000)) {
    throw new InvalidValue('Invalid oom-score-adj-values, elements must be between -2000 and 2000.');
  }
  return parts.map(Number).join(' ');
}

const TITLE_VARIABLES = /\{(?:title|listen-addr|server-mode|port|tls-port|unixsocket|config-file)\}/g;

function titleTemplate(given: string): string {
  if (/[{}]/.test(given.replaceAll(TITLE_VARIABLES, ''))) {
    throw new InvalidValue('template format is invalid or contains unknown variables');
  }
  return given;
}

function hostname(given: string): string {
  if (given.length >= 256) throw new InvalidValue('Hostnames must be less than 256 characters');
  if (!/^[\w.-]*$/.test(given) || given.includes('_')) {
    throw new InvalidValue('Hostnames may only contain alphanumeric characters, hyphens or dots');
  }
  return given;
}

/** As given: the short form that CONFIG GET answers leaves out what `A` does not stand for. */
function validEventClasses(letters: string): string {
  parseEventClasses(letters);
  return letters;
}

/** Files stay in their folder. */
function plainName(parameter: string, given: string, refused?: 'empty'): string {
  const noun = parameter === 'appenddirname' ? 'dirname' : 'filename';
  if (given === '' && refused === 'empty') throw new InvalidValue(`${parameter} can't be empty`);
  if (/[/\\]/.test(given)) throw new InvalidValue(`${parameter} can't be a path, just a ${noun}`);
  return given;
}

/** Host and port; `no one` for none. */
function masterAddress(given: string): string {
  const [host, port, ...more] = splitWords(given);
  if (host === undefined || port === undefined || more.length > 0) throw new InvalidValue('wrong number of arguments');
  if (host.toLowerCase() === 'no' && port.toLowerCase() === 'one') return '';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new InvalidValue('Invalid master port');
  return `${host} ${port}`;
}
