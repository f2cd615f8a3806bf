// Which cells of the grid a circle or box touches, and which members of a sorted set lie inside.
//
// The grid is as fine as nine cells around the center can cover the shape. The order of the cells is the order in which
// Redis returns what it finds when nobody asks for another.

import type { SortedSet } from '../values/sorted-set.ts';
import { degrees, distanceInside, EARTH_RADIUS, radians } from './distance.ts';
import type { Shape } from './distance.ts';
import { areaOf, cellOf, neighbour, positionOf, scoresOf, STEP_MAX } from './geohash.ts';
import type { Area, Cell, Position } from './geohash.ts';

export interface Match {
  readonly member: string;
  readonly score: number;
  readonly position: Position;
  /** Metres from the center. */
  readonly distance: number;
}

const MERCATOR_MAX = 20_037_726.37;
/** Center, north, south, east, west, north-east, north-west, south-east, south-west: columns and rows. */
const DIRECTIONS: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
];
/** Members read at a time. */
const PAGE = 256;

/** Members of `set` inside the shape; no more than `limit` unless that is 0. */
export function findInside(set: SortedSet, shape: Shape, limit: number): Match[] {
  const found: Match[] = [];
  let last: Cell | undefined;
  for (const [i, cell] of cellsAround(shape).entries()) {
    if (cell === undefined) continue;
    // A huge shape has the same cell on both sides. The center does not count as the one before.
    if (last !== undefined && last.lon === cell.lon && last.lat === cell.lat) continue;
    if (limit > 0 && found.length >= limit) break;
    collect(set, cell, shape, limit, found);
    if (i > 0) last = cell;
  }
  return found;
}

function collect(set: SortedSet, cell: Cell, shape: Shape, limit: number, found: Match[]): void {
  const scores = scoresOf(cell);
  const first = set.countBelow(scores.from, false);
  // Most cells are empty: one look tells.
  if (first === set.size || set.scoreAt(first) >= scores.to) return;
  const end = set.countBelow(scores.to, false);
  for (let rank = first; rank < end; rank += PAGE) {
    const page = set.range(rank, Math.min(PAGE, end - rank));
    for (let i = 0; i < page.members.length; i++) {
      const score = page.scores[i]!;
      const position = positionOf(score);
      const distance = distanceInside(shape, position);
      if (distance < 0) continue;
      found.push({ member: page.members[i]!, score, position, distance });
      if (limit > 0 && found.length >= limit) return;
    }
  }
}

/** The center's cell and its eight neighbours; those that the shape cannot reach are left out. */
function cellsAround(shape: Shape): (Cell | undefined)[] {
  const bounds = boundingBox(shape);
  let step = stepFor(reachOf(shape), shape.center.latitude);
  let center = cellOf(shape.center, step);
  if (step > 1 && !covers(center, bounds)) {
    step--;
    center = cellOf(shape.center, step);
  }
  const cells: (Cell | undefined)[] = DIRECTIONS.map(([lon, lat]) => neighbour(center, lon, lat));
  if (step < 2) return cells;
  const area = areaOf(center);
  return cells.map((cell, i) => {
    const [lon, lat] = DIRECTIONS[i]!;
    const useless =
      (lat < 0 && area.latMin < bounds.latMin) ||
      (lat > 0 && area.latMax > bounds.latMax) ||
      (lon < 0 && area.lonMin < bounds.lonMin) ||
      (lon > 0 && area.lonMax > bounds.lonMax);
    return useless ? undefined : cell;
  });
}

function covers(center: Cell, bounds: Area): boolean {
  return (
    areaOf(neighbour(center, 0, 1)).latMax >= bounds.latMax &&
    areaOf(neighbour(center, 0, -1)).latMin <= bounds.latMin &&
    areaOf(neighbour(center, 1, 0)).lonMax >= bounds.lonMax &&
    areaOf(neighbour(center, -1, 0)).lonMin <= bounds.lonMin
  );
}

function reachOf({ radius, width, height, unit }: Shape): number {
  return (radius ?? Math.sqrt((width / 2) * (width / 2) + (height / 2) * (height / 2))) * unit;
}

function boundingBox({ center, unit, radius, width, height }: Shape): Area {
  const { longitude, latitude } = center;
  const up = unit * (radius ?? height / 2);
  const aside = unit * (radius ?? width / 2);
  const latDelta = degrees(up / EARTH_RADIUS);
  // The side towards the pole is the wider one in degrees.
  const widest = latitude < 0 ? latitude - latDelta : latitude + latDelta;
  const lonDelta = degrees(aside / EARTH_RADIUS / Math.cos(radians(widest)));
  return {
    lonMin: longitude - lonDelta,
    lonMax: longitude + lonDelta,
    latMin: latitude - latDelta,
    latMax: latitude + latDelta,
  };
}

function stepFor(reach: number, latitude: number): number {
  if (reach === 0) return STEP_MAX;
  let step = 1;
  for (let range = reach; range < MERCATOR_MAX; range *= 2) step++;
  step -= 2;
  // Cells are narrower towards the poles.
  if (Math.abs(latitude) > 66) step--;
  if (Math.abs(latitude) > 80) step--;
  return Math.min(STEP_MAX, Math.max(1, step));
}
