// What the geo commands read and write alike: positions, distances, units.

import type { Call } from '../dispatch/call.ts';
import { CommandError, NOT_A_FLOAT } from '../errors.ts';
import { LAT_MAX, LON_MAX } from '../geo/geohash.ts';
import type { Position } from '../geo/geohash.ts';
import type { Reply } from '../reply/reply.ts';
import { parseScore } from '../util/scores.ts';

const units: ReadonlyMap<string, number> = new Map([
  ['m', 1],
  ['km', 1000],
  ['ft', 0.3048],
  ['mi', 1609.34],
]);
const NO_UNIT = new CommandError('ERR unsupported unit provided. please use M, KM, FT, MI');
const NEGATIVE_RADIUS = new CommandError('ERR radius cannot be negative');
const NEGATIVE_BOX = new CommandError('ERR height or width cannot be negative');
/** What `%.17Lf` prints behind the point. */
const DECIMALS = 17;

/** Longitude and latitude from arguments `i` and `i + 1`. */
export function parsePosition(call: Call, i: number): Position {
  const longitude = numberAt(call, i, NOT_A_FLOAT);
  const latitude = numberAt(call, i + 1, NOT_A_FLOAT);
  if (Math.abs(longitude) > LON_MAX || Math.abs(latitude) > LAT_MAX) {
    throw new CommandError(`ERR invalid longitude,latitude pair ${formatFixed(longitude)},${formatFixed(latitude)}`);
  }
  return { longitude, latitude };
}

/** A unit's length in metres. */
export function parseUnit(call: Call, i: number): number {
  const unit = units.get(call.word(i));
  if (unit === undefined) throw NO_UNIT;
  return unit;
}

/** A radius and its unit. */
export function parseRadius(call: Call, i: number): { readonly radius: number; readonly unit: number } {
  const radius = numberAt(call, i, new CommandError('ERR need numeric radius'));
  if (radius < 0) throw NEGATIVE_RADIUS;
  return { radius, unit: parseUnit(call, i + 1) };
}

/** Width, height and their unit. */
export function parseBox(
  call: Call,
  i: number,
): { readonly width: number; readonly height: number; readonly unit: number } {
  const width = numberAt(call, i, new CommandError('ERR need numeric width'));
  const height = numberAt(call, i + 1, new CommandError('ERR need numeric height'));
  if (width < 0 || height < 0) throw NEGATIVE_BOX;
  return { width, height, unit: parseUnit(call, i + 2) };
}

/** Longitude and latitude with up to 17 decimals; doubles in RESP3. */
export function replyPosition(reply: Reply, { longitude, latitude }: Position): void {
  reply.array(2);
  replyCoordinate(reply, longitude);
  replyCoordinate(reply, latitude);
}

function replyCoordinate(reply: Reply, value: number): void {
  const text = formatCoordinate(value);
  if (reply.resp3) reply.double(value, text);
  else reply.bulk(text);
}

function formatCoordinate(value: number): string {
  let text = value.toFixed(DECIMALS);
  // A tie is one step of 2 ** -18 off; C rounds it to the even digit, JavaScript away from zero.
  const last = text.charCodeAt(text.length - 1);
  if (Math.abs(value * 2 ** (DECIMALS + 1)) % 2 === 1 && last % 2 === 1) {
    text = text.slice(0, -1) + String.fromCharCode(last - 1);
  }
  return text.replace(/\.?0+$/, '');
}

/** A distance as replies show it. */
export function formatDistance(metres: number, unit: number): string {
  return (metres / unit).toFixed(4);
}

/** C's `%f`; JavaScript's toFixed gives up at 1e21, from where on there are only integers. */
function formatFixed(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`;
}

function numberAt(call: Call, i: number, error: CommandError): number {
  const value = parseScore(call.bytes, call.start[i]!, call.end[i]!);
  if (value !== value) throw error;
  return value;
}
