/** `--with`: which pieces of @paxx/redis the app is to have, and whether it can have them. */
import { PaxxError } from '../../errors.ts';
import type { Host } from '../../hosts/host.ts';
import { PACKAGE } from '../../render/index.ts';
import type { ComponentRecord } from '../ledger.ts';
import type { Json, JsonObject } from '../plan.ts';
import { PACKAGE_SOURCES, type PackageSource, type StepContext } from './context.ts';
import type { ClientChoice } from './manifest-step.ts';

export interface PieceChoice {
  /** All that the app has afterwards, in the component's order. */
  readonly all: readonly string[];
  /** Of these, what it did not have. */
  readonly added: readonly string[];
  readonly source: PackageSource;
}

/**
 * What was added before stays.
 * @throws PaxxError `USAGE` for a name that is none
 */
export function choosePieces({ component, host, options }: StepContext, recorded?: ComponentRecord): PieceChoice {
  const known = component.pieces.map(({ name }) => name);
  const unknown = options.with?.filter((name) => !known.includes(name)) ?? [];
  if (unknown.length > 0 || options.with?.length === 0) {
    const said = unknown.length > 0 ? `${unknown.join(', ')}: there is no such piece` : 'names no piece';
    throw new PaxxError('USAGE', `--with ${said}`, {
      hint: `Name any of ${known.join(', ')}, with commas between them. Nothing was written.`,
    });
  }
  const before = piecesOf(recorded, host);
  const all = known.filter((name) => before.includes(name) || options.with?.includes(name) === true);
  return { all, added: all.filter((name) => !before.includes(name)), source: sourceOf(options.packages, recorded) };
}

/** For the ledger, by app: a monorepo may have several. */
export function recordPieces({ all, source }: PieceChoice, host: Host, recorded?: ComponentRecord): JsonObject {
  const known = recorded?.options['with'];
  if (all.length === 0 && known === undefined) return {};
  return { with: { ...(isObject(known) ? known : {}), [keyOf(host)]: all }, packages: source };
}

function piecesOf(recorded: ComponentRecord | undefined, host: Host): readonly Json[] {
  const known = recorded?.options['with'];
  const own = isObject(known) ? known[keyOf(host)] : undefined;
  return Array.isArray(own) ? own : [];
}

function keyOf({ app }: Host): string {
  return app === '' ? '.' : app;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sourceOf(wanted: string | undefined, recorded: ComponentRecord | undefined): PackageSource {
  const before = PACKAGE_SOURCES.find((source) => source === recorded?.options['packages']);
  const source = PACKAGE_SOURCES.find((one) => one === (wanted ?? before ?? PACKAGE_SOURCES[0]));
  if (source === undefined) {
    throw new PaxxError('USAGE', `--packages ${wanted} is not known`, {
      hint: `Use one of ${PACKAGE_SOURCES.join(', ')}.`,
    });
  }
  if (before === undefined || source === before) return source;
  throw new PaxxError('USAGE', `${PACKAGE} was added with --packages ${before}`, {
    hint: `Run \`paxx infra remove redis\` first, then add it with --packages ${source}.`,
  });
}

/** The oldest majors of the clients that the package stands on, and the oldest compiler that reads its types. */
const OLDEST_CLIENT = 5;
const OLDEST_TYPESCRIPT = 5;
const OLDEST_NODE = 20;

/** @throws PaxxError `CONFLICT` where the app could not run or compile with it */
export function checkPieces(
  { host, options, warnings }: StepContext,
  { added }: PieceChoice,
  client: ClientChoice,
): void {
  if (added.length === 0) return;
  const refuse = (reason: string, hint: string, path = host.manifest): never => {
    throw new PaxxError('CONFLICT', reason, { hint: `${hint} Nothing was written.`, place: { path } });
  };
  if (client.major < OLDEST_CLIENT) {
    const other = client.name === 'redis' ? 'ioredis' : 'redis';
    const way = options.client === undefined ? `, or pass --client ${other}` : '';
    refuse(
      `${client.name} ${client.range} is too old for ${PACKAGE}, which needs ${OLDEST_CLIENT}`,
      `Upgrade ${client.name}${way}.`,
    );
  }
  const { typescript } = host;
  const version = typescript && `${typescript.version.major}.${typescript.version.minor}`;
  if (typescript && typescript.version.major < OLDEST_TYPESCRIPT) {
    refuse(
      `TypeScript ${version} cannot read the types of ${PACKAGE}`,
      'Upgrade typescript to 5 or newer, or leave out --with.',
    );
  }
  if (host.node && host.node.major < OLDEST_NODE) {
    const message = `admits Node ${host.node.major}, but ${PACKAGE} needs 20.19 or newer`;
    warnings.push({ path: host.manifest, message });
  }
}
