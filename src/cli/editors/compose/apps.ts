/** Chooses the app's own services among those of the file. */
import type { ComposeFacts } from './read.ts';
import type { ComposeService } from './service.ts';
import type { RedisWish, SkippedApp } from './wish.ts';

export interface AppChoice {
  readonly chosen: readonly ComposeService[];
  readonly skipped: readonly SkippedApp[];
}

const FRONT_END = /^(?:front-?end|front|client|ui|web-?ui|web-?client|storybook|docs)$/i;

export function chooseApps(facts: ComposeFacts, wish: RedisWish): AppChoice {
  const wanted = wish.apps ?? 'auto';
  if (wanted !== 'auto') {
    const chosen = facts.services.filter((service) => wanted.includes(service.name));
    const missing = wanted.filter((name) => !chosen.some((service) => service.name === name));
    return { chosen, skipped: missing.map((service) => ({ service, reason: 'no such service' })) };
  }
  const apps = facts.services.filter((service) => service.role === 'app');
  const served = apps.filter((service) => !FRONT_END.test(service.name));
  // With nothing beside it, a service called `client` or `frontend` is the app (Next.js, Remix).
  if (served.length === 0 || served.length === apps.length) return { chosen: apps, skipped: [] };
  const fronts = apps.filter((service) => !served.includes(service));
  return {
    chosen: served,
    skipped: fronts.map(({ name }) => ({ service: name, reason: 'it looks like a browser front end' })),
  };
}
