/** What is wished of a compose file, and what an edit answers beyond its text. */
import type { Changed, Conflict, Unchanged } from '../outcome.ts';
import type { ReadOptions } from './service.ts';

/** A variable for the app services. `url` gives `redis://redis:6379/0`, the others its parts. */
export interface EnvironmentWish {
  readonly name: string;
  readonly gives: 'url' | 'host' | 'port' | 'password';
}

export interface RedisWish {
  /** Folder that the image is built from, relative to the compose file. */
  readonly build?: string;
  /** Name of the service; default `redis`. */
  readonly service?: string;
  /** The user chose the name: an existing service of that name is used as Redis, a free one is added. */
  readonly serviceChosen?: boolean;
  /** `redis:7-alpine`, `valkey/valkey:8-alpine`, any other. */
  readonly image: string;
  /** Volume wanted where the siblings' names show no pattern; default `redis_data`. */
  readonly volume?: string;
  /** Where the image keeps its data; default `/data`. */
  readonly dataPath?: string;
  /** Port on the host, or false to publish none; default 6379. */
  readonly hostPort?: number | false;
  /** Host ports taken elsewhere: other compose files, running programs. */
  readonly takenPorts?: readonly number[];
  /** Variable in `${REDIS_PORT:-6380}` when the wanted port is taken. */
  readonly portVariable?: string;
  /** `redis-server --maxmemory 256mb --maxmemory-policy allkeys-lru` */
  readonly command?: string;
  /** Words of an exec-form check, or false for none; default `redis-cli ping` or `valkey-cli ping` by image. */
  readonly healthcheck?: readonly string[] | false;
  /** Variables for each app service. */
  readonly environment?: readonly EnvironmentWish[];
  /** The app's own services; `auto` takes those that are built here or run its sources. */
  readonly apps?: 'auto' | readonly string[];
  /** Make the app services wait for Redis; default true. */
  readonly dependsOn?: boolean;
  /** By service, variables that its env files give already and that must not be overruled. */
  readonly provided?: Readonly<Record<string, readonly string[]>>;
  /** What the project is called: a service that runs an image of that name is the app. */
  readonly projectNames?: readonly string[];
  /** Values of the project's `.env`, for `${NAME}` in the file. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface RedisFacts {
  readonly service: string;
  /** Of the service as it is now: the wish's image, or the one found. */
  readonly image?: string;
  /** Port inside the network. */
  readonly containerPort: number;
  /** Port on the host; undefined when it is not published. */
  readonly hostPort?: number;
  /** The host port as written: `6379` or `${REDIS_PORT:-6380}`. */
  readonly hostPortExpression?: string;
  /** As written in the file; only where the service found asks for one. Never to be printed. */
  readonly password?: string;
  readonly volume?: string;
  /** Named networks that the service is on; empty for the default one. */
  readonly networks: readonly string[];
  /** True when the file had a Redis already. */
  readonly reused: boolean;
  /** App services that this edit gives variables or a dependency. */
  readonly wiredApps: readonly string[];
  /** App services that need nothing: they had it all. */
  readonly settledApps: readonly string[];
  readonly skippedApps: readonly SkippedApp[];
}

export interface SkippedApp {
  readonly service: string;
  readonly reason: string;
}

export type ComposeOutcome = ((Changed | Unchanged) & { readonly facts: RedisFacts }) | Conflict;

export const DEFAULT_PORT = 6379;

/** What tells a Redis of this wish when its file is read again. */
export function readOptions(wish: RedisWish): ReadOptions {
  return {
    redisImages: [wish.image],
    ...(wish.variables && { variables: wish.variables }),
    ...(wish.projectNames && { projectNames: wish.projectNames }),
  };
}
