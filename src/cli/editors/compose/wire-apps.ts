/** Decides for each app service what it lacks, and gathers the edits that give it. */
import type { YamlEdit } from '../yaml/insert.ts';
import { styleBeside } from '../yaml/layout.ts';
import type { AppChoice } from './apps.ts';
import { networkOwner, shareNetwork } from './networks.ts';
import type { ComposeFacts, ComposeSource } from './read.ts';
import type { RedisPlan } from './redis-plan.ts';
import type { ComposeService } from './service.ts';
import type { EnvironmentWish, RedisWish, SkippedApp } from './wish.ts';
import { wireApp } from './wire.ts';
import type { WiringContext } from './wiring.ts';

export interface AppsWiring {
  readonly edits: readonly YamlEdit[];
  readonly notes: readonly string[];
  readonly wired: readonly string[];
  readonly settled: readonly string[];
  readonly skipped: readonly SkippedApp[];
  /** Every service that the edits reach, by anchors too. */
  readonly changed: ReadonlySet<string>;
}

export function wireApps(compose: ComposeSource, wish: RedisWish, plan: RedisPlan, apps: AppChoice): AppsWiring {
  const skipped: SkippedApp[] = [...apps.skipped];
  const edits: YamlEdit[] = [];
  const notes: string[] = [];
  const settled: string[] = [];
  const changed = new Set<string>();
  const context = contextOf(compose, apps.chosen);
  for (const app of apps.chosen) {
    const address = addressOf(compose.facts, plan, app);
    if ('reason' in address) {
      skipped.push({ service: app.name, reason: address.reason });
      continue;
    }
    const passed = passedThrough(wish, app);
    if (passed !== undefined) {
      const secret = plan.facts.password !== undefined;
      const value = (secret ? undefined : address[passed.gives]) ?? `that of the service ${plan.facts.service}`;
      const reason = `it takes ${passed.name} from the shell or .env that compose runs with, where it must be ${value}`;
      skipped.push({ service: app.name, reason });
      continue;
    }
    const variables = missingVariables(compose.facts, wish, app, apps.chosen).map(
      ({ name, gives }) => [name, address[gives]] as const,
    );
    const given = variables.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
    const waits = mustWait(compose.facts, wish, plan, app);
    if (!context || (given.length === 0 && !waits)) {
      settled.push(app.name);
      continue;
    }
    const wiring = wireApp(context, {
      app: app.name,
      variables: given,
      ...(waits && { waitFor: plan.facts.service }),
      healthy: plan.healthy,
      swarm: compose.facts.swarm,
    });
    edits.push(...wiring.edits);
    for (const name of wiring.reached) changed.add(name);
    if (wiring.skipped !== undefined) skipped.push({ service: app.name, reason: wiring.skipped });
    else if (wiring.reached.length === 0) settled.push(app.name);
    if (wiring.edits.length > 0) notes.push(...given.map(([name]) => `${name} in ${app.name}`));
  }
  const wired = apps.chosen.map((app) => app.name).filter((name) => changed.has(name));
  return { edits, notes, wired, settled, skipped, changed };
}

function contextOf(
  { source, document, services, facts }: ComposeSource,
  apps: readonly ComposeService[],
): WiringContext | undefined {
  if (!document || !services) return undefined;
  const style = styleBeside(source.text, services);
  // A service that runs an app's build may inherit what the app gets: it is the same program.
  const names = new Set(apps.map((app) => app.name));
  const kin = facts.services.filter((service) => names.has(service.name) || service.build);
  return {
    text: source.text,
    document,
    services,
    style: { ...style, steps: style.steps.slice(1) },
    mayChange: new Set(
      kin
        .filter((service) => service.role === 'app')
        .map((service) => service.name)
        .concat([...names]),
    ),
    given: { environment: new Set(), depends_on: new Set() },
  };
}

type Address = Readonly<Record<EnvironmentWish['gives'], string | undefined>>;

/** How this app reaches Redis, or why it cannot. */
function addressOf(facts: ComposeFacts, plan: RedisPlan, app: ComposeService): Address | { reason: string } {
  const redis = plan.facts;
  const existing = redis.reused ? facts.services.find((service) => service.name === redis.service) : undefined;
  if (app.name === redis.service) return { reason: 'it is the Redis itself' };
  if (existing?.hiddenPassword) {
    return {
      reason: `${redis.service} asks for a password that this file does not hold: give the app the whole address`,
    };
  }
  const mode = app.networkMode;
  if (mode === 'host') {
    return redis.hostPortExpression === undefined
      ? { reason: 'it runs on the host network, where Redis is not published' }
      : addressAt('localhost', redis.hostPortExpression, redis.password);
  }
  if (mode === 'none' || mode === 'bridge') return { reason: `with network_mode ${mode} it cannot find Redis by name` };
  const host = networkOwner(facts, app);
  if (existing?.networkMode === 'host') return { reason: `${redis.service} runs on the host network` };
  if (existing && host && !shareNetwork(host, existing))
    return { reason: `it shares no network with ${redis.service}` };
  return addressAt(redis.service, String(redis.containerPort), redis.password);
}

function addressAt(host: string, port: string, password: string | undefined): Address {
  const secret = password === undefined ? '' : `:${password.includes('$') ? password : encodeURIComponent(password)}@`;
  return { url: `redis://${secret}${host}:${port}/0`, host, port, password };
}

/** One of ours that the file names without a value, and that is not known to be given elsewhere. */
function passedThrough(wish: RedisWish, app: ComposeService): EnvironmentWish | undefined {
  const given = new Set(wish.provided?.[app.name]);
  return wish.environment?.find(({ name }) => {
    const known = wish.variables?.[name];
    const elsewhere = given.has(name) || (known !== undefined && !ON_THIS_MACHINE.test(known));
    return app.environment.passed.includes(name) && !elsewhere;
  });
}

const ON_THIS_MACHINE = /\b(?:localhost|127\.\d|0\.0\.0\.0)|\[::1\]/;

/** Variables that neither the service nor one that it extends has. */
function missingVariables(
  facts: ComposeFacts,
  wish: RedisWish,
  app: ComposeService,
  chosen: readonly ComposeService[],
): EnvironmentWish[] {
  const present = new Set([...app.environment.names, ...(wish.provided?.[app.name] ?? [])]);
  const base = chosen.find((service) => service.name === app.extendsService && app.extendsFile === undefined);
  const inherits = base !== undefined && missingVariables(facts, wish, base, []).length > 0;
  return inherits ? [] : (wish.environment ?? []).filter(({ name }) => !present.has(name));
}

function mustWait(facts: ComposeFacts, wish: RedisWish, plan: RedisPlan, app: ComposeService): boolean {
  const { service } = plan.facts;
  const wanted = wish.environment ?? [];
  const isSet = wanted.length > 0 && wanted.every(({ name }) => app.environment.names.includes(name));
  // An app that was pointed at some Redis before need not wait for another one.
  if (isSet && !app.redisHosts.includes(service)) return false;
  if (wish.dependsOn === false || app.dependsOn.names.includes(service)) return false;
  // Compose refuses a dependency on a service whose profile is not active.
  if (plan.profiles.length > 0 && !(app.profiles.length > 0 && app.profiles.every((p) => plan.profiles.includes(p))))
    return false;
  return !reaches(facts, service, app.name);
}

/** True when `from` waits for `to`, directly or not: the other way round would be a cycle. */
function reaches(facts: ComposeFacts, from: string, to: string, seen = new Set<string>()): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  const names = facts.services.find((service) => service.name === from)?.dependsOn.names ?? [];
  return names.some((name) => reaches(facts, name, to, seen));
}
