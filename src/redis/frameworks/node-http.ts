/** Node's own requests and responses, on which Express, Connect and others build. */
import { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { HttpRequest, HttpResponse } from './exchange.ts';

/** Of Node, Express or Fastify. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Before routers took their part of it away. */
  readonly originalUrl?: string;
  readonly headers: IncomingHttpHeaders;
  readonly body?: unknown;
}

export function requestOf(request: NodeRequest): HttpRequest {
  return {
    method: request.method ?? 'GET',
    url: request.originalUrl ?? request.url ?? '/',
    header(name) {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body: request.body,
  };
}

export function send(to: ServerResponse, response: HttpResponse): void {
  to.statusCode = response.status;
  const names = new Set(response.headers.map(([name]) => name));
  for (const name of names) {
    const values = response.headers.filter(([header]) => header === name).map(([, value]) => value);
    to.setHeader(name, values.length === 1 ? values[0]! : values);
  }
  // 304 and 204 have no body, and no length of one.
  if (response.status === 304 || response.status === 204) to.end();
  else {
    to.setHeader('content-length', response.body.byteLength);
    to.end(response.body);
  }
}

export interface CaptureHooks {
  /** The client left first. Where it is given, what the handler writes is waited for all the same. */
  readonly onLeft?: () => void;
  /** The handler has ended the response, which is not sent yet. */
  readonly onEnd?: () => void;
}

/**
 * Holds back what the handler writes, and gives it when it has ended. Nothing is sent: `send` does it. Resolves with
 * undefined when the client left first, and nobody is told of it.
 */
export function capture(
  response: ServerResponse,
  handle: () => void,
  hooks: CaptureHooks & Required<Pick<CaptureHooks, 'onLeft'>>,
): Promise<HttpResponse>;
export function capture(
  response: ServerResponse,
  handle: () => void,
  hooks?: CaptureHooks,
): Promise<HttpResponse | undefined>;
export function capture(
  response: ServerResponse,
  handle: () => void,
  { onLeft, onEnd }: CaptureHooks = {},
): Promise<HttpResponse | undefined> {
  const { write, end, writeHead, flushHeaders } = response;
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    const restore = (): void => void Object.assign(response, { write, end, writeHead, flushHeaders });
    const left = (): void => {
      if (onLeft !== undefined) return onLeft();
      restore();
      resolve(undefined);
    };
    response.once('close', left);
    Object.assign(response, {
      flushHeaders() {},
      writeHead(status: number, ...rest: unknown[]) {
        response.statusCode = status;
        const headers = rest.find((part) => typeof part === 'object' && part !== null);
        const pairs = Array.isArray(headers) ? pairsIn(headers as unknown[]) : Object.entries(headers ?? {});
        for (const [name, value] of pairs) response.setHeader(name, value as string);
        return response;
      },
      write(chunk: unknown, encoding?: unknown, done?: unknown) {
        chunks.push(bytesOf(chunk, encoding));
        const callback = [encoding, done].find((one) => typeof one === 'function') as (() => void) | undefined;
        if (callback !== undefined) queueMicrotask(callback);
        return true;
      },
      end(chunk?: unknown, encoding?: unknown, done?: unknown) {
        chunks.push(bytesOf(chunk, encoding));
        const callback = [chunk, encoding, done].find((one) => typeof one === 'function') as (() => void) | undefined;
        if (callback !== undefined) response.once('finish', callback);
        response.off('close', left);
        restore();
        onEnd?.();
        resolve({ status: response.statusCode, headers: headersOf(response), body: Buffer.concat(chunks) });
        return response;
      },
    });
    handle();
  });
}

function headersOf(response: ServerResponse): [string, string][] {
  return Object.entries(response.getHeaders()).flatMap(([name, value]): [string, string][] =>
    Array.isArray(value) ? value.map((one): [string, string] => [name, one]) : [[name, String(value)]],
  );
}

/** Empty for what is no chunk but a callback. */
function bytesOf(chunk: unknown, encoding: unknown): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk, encodingOf(encoding));
  return chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.alloc(0);
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
}

/** `writeHead` also takes names and values in turn, or pairs of them. */
function pairsIn(list: readonly unknown[]): [string, unknown][] {
  if (Array.isArray(list[0])) return list as [string, unknown][];
  return list.flatMap((name, i): [string, unknown][] => (i % 2 === 0 ? [[String(name), list[i + 1]]] : []));
}
