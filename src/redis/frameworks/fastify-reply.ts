/** Fastify's replies: what a handler has made of them, and answers in its place. */
import { Buffer } from 'node:buffer';
import type { HttpResponse } from './exchange.ts';
import type { FastifyReplyLike } from './fastify-types.ts';

/** Past the other onSend hooks, as any reply. @returns the reply, for a hook to return */
export function answer(reply: FastifyReplyLike, { status, headers, body }: HttpResponse): unknown {
  reply.code(status);
  for (const name of new Set(headers.map(([header]) => header))) {
    const values = headers.filter(([header]) => header === name).map(([, value]) => value);
    reply.header(name, values.length === 1 ? values[0] : values);
  }
  const empty = status === 204 || status === 304;
  reply.send(empty ? undefined : Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  return reply;
}

/** Reads a stream to its end. @param payload as an onSend hook gets it */
export async function responseOf(reply: FastifyReplyLike, payload: unknown): Promise<HttpResponse> {
  let content = payload;
  if (payload instanceof Response) {
    reply.code(payload.status);
    for (const [name, value] of payload.headers) reply.header(name, value);
    content = payload.body;
  }
  const body = await bytesOf(content);
  const headers = Object.entries(reply.getHeaders()).flatMap(([name, value]): [string, string][] =>
    Array.isArray(value)
      ? value.map((one): [string, string] => [name, one])
      : value === undefined
        ? []
        : [[name, String(value)]],
  );
  return { status: reply.statusCode, headers, body };
}

async function bytesOf(content: unknown): Promise<Uint8Array> {
  if (typeof content === 'string') return Buffer.from(content);
  if (content instanceof Uint8Array) return content;
  if (typeof content !== 'object' || content === null || !(Symbol.asyncIterator in content)) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  for await (const chunk of content as AsyncIterable<string | Uint8Array>) {
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}
