// Geohashes of 52 bits: positions as cells of a grid, cells as the integers that sorted sets keep as scores.
//
// A cell is a column and a row of a grid of 2 ** step squares a side; its bits alternate, longitude first. Integers of 52
// and, at the map's very edge, 54 bits fit into a double.

export interface Cell {
  readonly lon: number;
  readonly lat: number;
  readonly step: number;
}

export interface Area {
  readonly lonMin: number;
  readonly lonMax: number;
  readonly latMin: number;
  readonly latMax: number;
}

export interface Position {
  readonly longitude: number;
  readonly latitude: number;
}

export const LON_MAX = 180;
export const LAT_MAX = 85.05112878;
export const STEP_MAX = 26;
const WORD = 0x1_0000_0000;
const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz';

/** The cell of a position in a grid that spans latitudes up to `latMax` either side of the equator. */
export function cellOf({ longitude, latitude }: Position, step: number, latMax = LAT_MAX): Cell {
  const size = 2 ** step;
  return {
    lon: Math.trunc(((longitude + LON_MAX) / (2 * LON_MAX)) * size),
    lat: Math.trunc(((latitude + latMax) / (2 * latMax)) * size),
    step,
  };
}

/** A position as a score. */
export function scoreOf(position: Position): number {
  return bitsOf(cellOf(position, STEP_MAX));
}

/** The middle of the cell that a score names. Any score names one, whatever it was meant for. */
export function positionOf(score: number): Position {
  const area = areaOf(cellOfScore(score));
  return {
    longitude: clamp((area.lonMin + area.lonMax) / 2, LON_MAX),
    latitude: clamp((area.latMin + area.latMax) / 2, LAT_MAX),
  };
}

export function areaOf({ lon, lat, step }: Cell): Area {
  const size = 2 ** step;
  const lonScale = 2 * LON_MAX;
  const latScale = 2 * LAT_MAX;
  return {
    lonMin: -LON_MAX + (lon / size) * lonScale,
    lonMax: -LON_MAX + ((lon + 1) / size) * lonScale,
    latMin: -LAT_MAX + (lat / size) * latScale,
    latMax: -LAT_MAX + ((lat + 1) / size) * latScale,
  };
}

/** The cell `lon` columns and `lat` rows away; the grid wraps around. */
export function neighbour(cell: Cell, lon: number, lat: number): Cell {
  const mask = 2 ** cell.step - 1;
  return {
    lon: lon === 0 ? cell.lon : (cell.lon + lon) & mask,
    lat: lat === 0 ? cell.lat : (cell.lat + lat) & mask,
    step: cell.step,
  };
}

/** Scores of a cell: from the first up to but not including the second. */
export function scoresOf(cell: Cell): { readonly from: number; readonly to: number } {
  const bits = bitsOf(cell);
  const size = 2 ** (2 * (STEP_MAX - cell.step));
  return { from: bits * size, to: (bits + 1) * size };
}

/** The standard geohash of eleven letters, whose grid reaches the poles. */
export function geohashOf(score: number): string {
  const bits = bitsOf(cellOf(positionOf(score), STEP_MAX, 90));
  let text = '';
  // 52 bits make ten letters; the eleventh is always the first of the alphabet.
  for (let i = 1; i <= 10; i++) text += ALPHABET[Math.floor(bits / 2 ** (52 - i * 5)) % 32]!;
  return text + ALPHABET[0]!;
}

function bitsOf({ lon, lat }: Cell): number {
  const high = (spread(lat >>> 16) | (spread(lon >>> 16) << 1)) >>> 0;
  const low = (spread(lat & 0xffff) | (spread(lon & 0xffff) << 1)) >>> 0;
  return high * WORD + low;
}

function cellOfScore(score: number): Cell {
  // As a processor converts a double to an unsigned 64-bit integer: fractions go, negative numbers wrap, and what is
  // too large is zero.
  let high: number;
  let low: number;
  if (score >= 0 && score < 2 ** 53) {
    high = Math.floor(score / WORD);
    low = Math.floor(score) >>> 0;
  } else {
    const bits = score >= 2 ** 64 ? 0n : BigInt.asUintN(64, BigInt(Math.trunc(Math.max(score, -(2 ** 63)))));
    high = Number(bits >> 32n);
    low = Number(bits & 0xffff_ffffn);
  }
  return {
    lon: ((gather(high >>> 1) << 16) | gather(low >>> 1)) >>> 0,
    lat: ((gather(high) << 16) | gather(low)) >>> 0,
    step: STEP_MAX,
  };
}

/** Sixteen bits to the even places of thirty-two. */
function spread(value: number): number {
  let bits = (value | (value << 8)) & 0x00ff_00ff;
  bits = (bits | (bits << 4)) & 0x0f0f_0f0f;
  bits = (bits | (bits << 2)) & 0x3333_3333;
  return (bits | (bits << 1)) & 0x5555_5555;
}

/** The even places of thirty-two bits as sixteen. */
function gather(value: number): number {
  let bits = value & 0x5555_5555;
  bits = (bits | (bits >>> 1)) & 0x3333_3333;
  bits = (bits | (bits >>> 2)) & 0x0f0f_0f0f;
  bits = (bits | (bits >>> 4)) & 0x00ff_00ff;
  return (bits | (bits >>> 8)) & 0xffff;
}

function clamp(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value));
}
