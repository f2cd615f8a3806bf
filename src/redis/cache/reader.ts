/** Reads values and decides whether they still count: decoded, of the current tag and namespace versions, fresh or not. */
import type { Command, Reply } from '../port/types.ts';
import { decodeEntry } from './envelope.ts';
import type { Codec, Entry } from './envelope.ts';
import type { Found, Kept, Near, Ticket } from './near.ts';
import { NEVER_BUMPED } from './store.ts';
import type { Store, Stored } from './store.ts';

export interface Look {
  readonly found: Found | undefined;
  /** Version key -> version, as they were before `found` was read or anything is computed. */
  readonly versions: ReadonlyMap<string, string>;
}

/** What a read is about. */
export interface Target {
  readonly path: string;
  /** Version keys of the namespaces around it. */
  readonly levels: readonly string[];
}

export class Reader {
  private readonly store: Store;
  private readonly near: Near | undefined;
  private readonly codec: Codec;
  /** Ask for the time left too: for grace, early refresh and L1. */
  private readonly withTtl: boolean;

  constructor(store: Store, near: Near | undefined, codec: Codec, withTtl: boolean) {
    this.store = store;
    this.near = near;
    this.codec = codec;
    this.withTtl = withTtl;
  }

  /** Undefined where Redis fails. @param tagKeys version keys that the caller wants to know too */
  async read(target: Target, tagKeys: readonly string[] = []): Promise<Look | undefined> {
    const versionKeys = [...target.levels, ...tagKeys];
    const ticket = this.near?.begin([target.path, ...versionKeys]);
    try {
      const raw = await (ticket === undefined
        ? this.store.read([target.path], versionKeys, this.withTtl)
        : this.readTracked(target.path, versionKeys, ticket));
      if (raw === undefined) return undefined;
      return await this.judge(raw.stored[0]!, target, raw.versions, ticket);
    } finally {
      this.near?.end(ticket);
    }
  }

  /** Several at once, past L1's bookkeeping. Undefined where Redis fails. */
  async readMany(targets: readonly Target[]): Promise<(Found | undefined)[] | undefined> {
    const levels = [...new Set(targets.flatMap((target) => target.levels))];
    const paths = targets.map((target) => target.path);
    const raw = await this.store.read(paths, levels, this.withTtl);
    if (raw === undefined) return undefined;
    const entries = raw.stored.map((stored) => this.decode(stored));
    const missing = new Set(entries.flatMap((found) => Object.keys(found?.entry.tags ?? {})));
    for (const key of raw.versions.keys()) missing.delete(key);
    const more = missing.size === 0 ? undefined : await this.store.read([], [...missing], false);
    const versions = new Map([...raw.versions, ...(more?.versions ?? [])]);
    return entries.map((found, i) =>
      found !== undefined && isCurrent(found.entry, targets[i]!, versions) ? found : undefined,
    );
  }

  /** What was read by other means, such as with a fill lease. */
  async judge(stored: Stored, target: Target, known: ReadonlyMap<string, string>, ticket?: Ticket): Promise<Look> {
    const found = this.decode(stored);
    if (found === undefined) return { found, versions: known };
    const versions = await this.withTags(found.entry, known);
    if (!isCurrent(found.entry, target, versions)) return { found: undefined, versions: known };
    this.near?.keep(target.path, found, ticket);
    return { found, versions };
  }

  /** Does what L1 has just given still count? Undefined: not without asking Redis. */
  isNearCurrent({ entry, alone }: Kept, target: Target): boolean | undefined {
    if (alone) return true;
    const versions = new Map<string, string>();
    for (const key of [...target.levels, ...Object.keys(entry.tags)]) {
      const version = this.near?.version(key);
      if (version === undefined) return undefined;
      versions.set(key, version);
    }
    return isCurrent(entry, target, versions);
  }

  private decode({ bytes, leftMs }: Stored): Found | undefined {
    if (bytes === null) return undefined;
    const entry = decodeEntry(bytes, this.codec);
    return entry === undefined ? undefined : { entry, bytes, freshMs: leftMs - entry.grace };
  }

  private async withTags(entry: Entry, known: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
    const missing = Object.keys(entry.tags).filter((key) => !known.has(key));
    if (missing.length === 0) return known;
    const ticket = this.near?.begin(missing);
    try {
      const raw = await (ticket === undefined
        ? this.store.read([], missing, false)
        : this.readTracked(undefined, missing, ticket));
      return new Map([...known, ...(raw?.versions ?? [])]);
    } finally {
      this.near?.end(ticket);
    }
  }

  /** As `store.read`, but such that Redis reports the next change. Versions that L1 knows are not asked again. */
  private async readTracked(
    path: string | undefined,
    versionKeys: readonly string[],
    ticket: Ticket,
  ): Promise<{ stored: Stored[]; versions: Map<string, string> } | undefined> {
    const near = this.near!;
    const versions = new Map<string, string>();
    const relies = near.reliesAt(ticket.sentAt);
    const asked = versionKeys.filter((key) => {
      const version = relies ? near.version(key) : undefined;
      if (version !== undefined) versions.set(key, version);
      return version === undefined;
    });
    const replies = await this.store.attempt((options) =>
      Promise.all([
        path === undefined ? null : near.read(get(path), { ...options, buffers: true }),
        path === undefined ? -1 : this.store.port.send({ args: ['PTTL', path], key: path, readOnly: true }, options),
        ...asked.map((key) => near.read(get(key), options)),
      ]),
    );
    if (replies === undefined) return undefined;
    const [bytes, left, ...texts] = replies as [Reply, Reply, ...Reply[]];
    asked.forEach((key, i) => {
      const version = texts[i] === null ? NEVER_BUMPED : String(texts[i]);
      versions.set(key, version);
      near.keepVersion(key, version, ticket);
    });
    const leftMs = typeof left === 'number' && left >= 0 ? left : Infinity;
    return { stored: [{ bytes: bytes instanceof Uint8Array ? bytes : null, leftMs }], versions };
  }
}

function get(key: string): Command {
  return { args: ['GET', key], key, readOnly: true };
}

/** An entry counts while every version is what it was when the entry was computed. */
function isCurrent(entry: Entry, target: Target, versions: ReadonlyMap<string, string>): boolean {
  for (const key of target.levels) {
    if (versions.get(key) !== (entry.tags[key] ?? NEVER_BUMPED)) return false;
  }
  for (const key of Object.keys(entry.tags)) {
    if (versions.get(key) !== entry.tags[key]) return false;
  }
  return true;
}
