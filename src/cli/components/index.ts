/** The list of what `paxx infra add` can add. Imports nothing heavy: `infra list` loads this and little else. */
import type { Component } from './component.ts';
import { redis } from './redis.ts';

export const components: readonly Component[] = [redis];

export function findComponent(name: string): Component | undefined {
  return components.find((component) => component.name === name);
}
