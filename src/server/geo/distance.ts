// Distances on the globe, in metres, digit for digit as Redis computes them.

import { exactAsin, exactCos, exactSin } from '../util/exact-trig.ts';
import type { Position } from './geohash.ts';

export const EARTH_RADIUS = 6_372_797.560_856;
const DEGREE = Math.PI / 180;

export function radians(angle: number): number {
  return angle * DEGREE;
}

export function degrees(angle: number): number {
  return angle / DEGREE;
}

/** The great-circle distance by the haversine formula. */
export function distanceBetween(lon1: number, lat1: number, lon2: number, lat2: number): number {
  const v = exactSin((radians(lon2) - radians(lon1)) / 2);
  if (v === 0) return latitudeDistance(lat1, lat2);
  const from = radians(lat1);
  const to = radians(lat2);
  const u = exactSin((to - from) / 2);
  const a = u * u + exactCos(from) * exactCos(to) * v * v;
  return 2 * EARTH_RADIUS * exactAsin(Math.sqrt(a));
}

export function latitudeDistance(lat1: number, lat2: number): number {
  return EARTH_RADIUS * Math.abs(radians(lat2) - radians(lat1));
}

/** A circle or a box around a point; sizes in the unit that `unit` gives in metres. */
export interface Shape {
  readonly center: Position;
  readonly unit: number;
  readonly radius: number | undefined;
  readonly width: number;
  readonly height: number;
}

/** How far a point inside the shape is from its center, or -1 for one outside. */
export function distanceInside(shape: Shape, { longitude, latitude }: Position): number {
  const { center, unit } = shape;
  if (shape.radius !== undefined) {
    const radius = shape.radius * unit;
    if (roughDistance(center, longitude, latitude) > radius * SURELY) return -1;
    const distance = distanceBetween(center.longitude, center.latitude, longitude, latitude);
    return distance > radius ? -1 : distance;
  }
  if (latitudeDistance(latitude, center.latitude) > (shape.height * unit) / 2) return -1;
  if (distanceBetween(longitude, latitude, center.longitude, latitude) > (shape.width * unit) / 2) return -1;
  return distanceBetween(center.longitude, center.latitude, longitude, latitude);
}

/** Beyond this multiple of a radius, a rough distance says enough. */
const SURELY = 1 + 1e-6;

/** The distance with JavaScript's own functions: faster, and right but for the last digits. */
function roughDistance(center: Position, longitude: number, latitude: number): number {
  const from = radians(center.latitude);
  const to = radians(latitude);
  const v = Math.sin((radians(longitude) - radians(center.longitude)) / 2);
  const u = Math.sin((to - from) / 2);
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(u * u + Math.cos(from) * Math.cos(to) * v * v)));
}
