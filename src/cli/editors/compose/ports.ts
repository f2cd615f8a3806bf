/** Reads `ports:` in the short and the long form: which host ports a service occupies. */
import { interpolate } from './interpolate.ts';

export interface PublishedPort {
  /** First and last port on the host; undefined when Docker picks one or a variable decides. */
  readonly host?: readonly [first: number, last: number];
  /** Each port on the host. */
  readonly hosts: readonly number[];
  /** First and last port in the container. */
  readonly target?: readonly [first: number, last: number];
  /** Address it is bound to; undefined means all. */
  readonly address?: string;
  readonly protocol: string;
  /** The host part as written, such as `${REDIS_PORT:-6379}`. */
  readonly hostExpression?: string;
}

type Variables = Readonly<Record<string, string>>;

export function readPorts(value: unknown, variables: Variables = {}): PublishedPort[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    if (typeof entry === 'string' || typeof entry === 'number') return [shortPort(String(entry), variables)];
    return typeof entry === 'object' && entry !== null ? [longPort(entry as Record<string, unknown>, variables)] : [];
  });
}

/** `[address:][host[-last]:]container[-last][/protocol]`; the address may be `[::1]`. */
function shortPort(written: string, variables: Variables): PublishedPort {
  const text = interpolate(written, variables).text;
  const [path = '', protocol = 'tcp'] = text.split('/');
  const parts = splitColons(path);
  const target = range(parts.at(-1));
  const host = parts.length > 1 ? range(parts.at(-2)) : undefined;
  const address =
    parts.length > 2
      ? parts
          .slice(0, -2)
          .join(':')
          .replace(/^\[(.*)\]$/, '$1')
      : undefined;
  const hostExpression = splitColons(written.split('/')[0]!).at(-2);
  return {
    protocol,
    hosts: portsIn(host),
    ...(target && { target }),
    ...(host && { host }),
    ...(address && { address }),
    ...(hostExpression !== undefined && parts.length > 1 && { hostExpression }),
  };
}

function longPort(entry: Readonly<Record<string, unknown>>, variables: Variables): PublishedPort {
  const text = (key: string): string | undefined => {
    const value = entry[key];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const resolved = (key: string): string | undefined => {
    const written = text(key);
    return written === undefined ? undefined : interpolate(written, variables).text;
  };
  const host = range(resolved('published'));
  const target = range(resolved('target'));
  const address = resolved('host_ip');
  const hostExpression = text('published');
  return {
    protocol: resolved('protocol') ?? 'tcp',
    hosts: portsIn(host),
    ...(target && { target }),
    ...(host && { host }),
    ...(address !== undefined && { address }),
    ...(hostExpression !== undefined && { hostExpression }),
  };
}

/** Split at colons outside `${ }` and `[ ]`. */
function splitColons(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth--;
    else if (char === ':' && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function range(text: string | undefined): [number, number] | undefined {
  const found = /^(\d+)(?:-(\d+))?$/.exec(text?.trim() ?? '');
  return found ? [Number(found[1]), Number(found[2] ?? found[1])] : undefined;
}

function portsIn(span: readonly [number, number] | undefined): number[] {
  return span
    ? Array.from({ length: Math.max(0, Math.min(span[1], 65_535) - span[0] + 1) }, (_, at) => span[0] + at)
    : [];
}
