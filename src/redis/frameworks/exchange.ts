/** A request and its response as the framework pieces see them, whatever the framework. */
import { Buffer } from 'node:buffer';

export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Names in lower case. */
  header(name: string): string | undefined;
  /** What the framework made of the body; for the fingerprint of an idempotent request. */
  readonly body?: unknown;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; several of one name stand several times. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** As it is stored: JSON has no bytes. */
export interface StoredResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** Base64. */
  readonly body: string;
}

/** Of one connection or one moment, so never repeated (RFC 9110, 7.6.1; RFC 9111, 3.1). */
const NOT_STORED: ReadonlySet<string> = new Set([
  'age',
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-cache',
]);

export function toStored({ status, headers, body }: HttpResponse): StoredResponse {
  const kept = headers.filter(([name]) => !NOT_STORED.has(name));
  return { status, headers: kept, body: Buffer.from(body).toString('base64') };
}

/** Undefined for what is not a stored response. */
export function fromStored(stored: unknown): HttpResponse | undefined {
  const { status, headers, body } = (stored ?? {}) as Partial<StoredResponse>;
  if (typeof status !== 'number' || !Array.isArray(headers) || typeof body !== 'string') return undefined;
  return { status, headers: headers as StoredResponse['headers'], body: Buffer.from(body, 'base64') };
}

/** A response of our own. @see https://www.rfc-editor.org/rfc/rfc9457 (problem details) */
export function problem(status: number, title: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const body = Buffer.from(JSON.stringify({ type: 'about:blank', title, status }));
  return { status, headers: [['content-type', 'application/problem+json'], ...own], body };
}

export function headerOf({ headers }: HttpResponse, name: string): string | undefined {
  const values = headers.filter(([key]) => key === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}
