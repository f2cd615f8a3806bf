/** Adds Redis to a compose file, or finds the one that is there, and wires the app services to it. */
import { conflict, isConflict, unchanged } from '../outcome.ts';
import type { Conflict } from '../outcome.ts';
import { applyEdits } from '../yaml/verify.ts';
import { addService } from './add-service.ts';
import { chooseApps } from './apps.ts';
import { checkMeaning } from './check.ts';
import { composeSnippet, startCompose } from './new-compose.ts';
import { openCompose } from './read.ts';
import type { ComposeSource } from './read.ts';
import type { RedisPlan } from './redis-plan.ts';
import { findRedis, reuse } from './reuse.ts';
import type { ComposeService } from './service.ts';
import { wireApps } from './wire-apps.ts';
import { readOptions } from './wish.ts';
import type { ComposeOutcome, RedisFacts, RedisWish } from './wish.ts';

/**
 * @param text without BOM
 * @returns the edit with facts about the Redis that results; a second call on the result is `unchanged`
 */
export function addRedis(text: string, wish: RedisWish): ComposeOutcome {
  const compose = openCompose(text, readOptions(wish));
  if (isConflict(compose)) return { ...compose, snippet: composeSnippet(wish) };
  if (!compose.root) return startCompose(compose, wish);
  const apps = chooseApps(compose.facts, wish);
  const plan = planRedis(compose, wish, apps.chosen);
  if (isConflict(plan)) return { ...plan, snippet: composeSnippet(wish) };
  const wiring = wireApps(compose, wish, plan, apps);
  const facts: RedisFacts = {
    ...plan.facts,
    wiredApps: wiring.wired,
    settledApps: wiring.settled,
    skippedApps: wiring.skipped,
  };
  const edits = [...wiring.edits, ...plan.edits];
  const notes = [...plan.notes, ...wiring.notes];
  if (edits.length === 0) return { ...unchanged(...notes), facts };
  const verified = applyEdits(compose.source, edits, notes);
  if (isConflict(verified)) return { ...verified, snippet: composeSnippet(wish) };
  const wrong = checkMeaning(compose, verified.after, wish, facts, wiring.changed);
  return wrong ? { ...wrong, snippet: composeSnippet(wish) } : { ...verified.outcome, facts };
}

function planRedis(compose: ComposeSource, wish: RedisWish, apps: readonly ComposeService[]): RedisPlan | Conflict {
  const found = findRedis(compose.facts, wish);
  if (found) return reuse(found, wish);
  const doubtful = compose.facts.services.find((service) => service.role === 'maybe-redis');
  if (doubtful && !wish.serviceChosen) {
    return conflict(
      'taken',
      `the service \`${doubtful.name}\` may be a Redis already`,
      `Name the service with --compose-service: \`${doubtful.name}\` to use it, a free name to add another.`,
      { line: doubtful.line },
    );
  }
  return addService(compose, wish, apps);
}
