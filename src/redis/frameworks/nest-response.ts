/** Responses in Nest, whichever platform it stands on: answered before the handler, or held back behind it. */
import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import type { HttpResponse } from './exchange.ts';
import { capture, send } from './node-http.ts';
import type { NestCallHandler, NestObservable, NestResponse } from './nest-types.ts';

/**
 * Answers in the handler's place. Bytes and headers are final, so what Nest and other interceptors would make of a
 * value is dropped: the observable only ends.
 */
export function answer(response: NestResponse, made: HttpResponse, next: NestCallHandler): NestObservable {
  const { raw } = response;
  if (raw === undefined) send(response as unknown as ServerResponse, made);
  else sendByFastify(response, made);
  const ignore = (): NestResponse => response;
  Object.assign(response, { send: ignore, json: ignore, end: ignore, setHeader: ignore });
  return ended(next);
}

/**
 * Holds back what Nest answers, be it a value, a stream or an exception, and sends what `release` makes of it.
 * @param release gets undefined when the client left first
 * @param onLeft told of it instead; then what Nest answers is waited for all the same
 */
export function hold(
  response: NestResponse,
  release: (made: HttpResponse | undefined) => Promise<HttpResponse | undefined>,
  onLeft?: () => void,
): void {
  const raw = response.raw ?? (response as unknown as ServerResponse);
  // Fastify would take a response that is not on its way when the handler returns for one that was forgotten.
  const onEnd = (): void => void response.hijack?.();
  capture(raw, () => {}, { onEnd, ...(onLeft !== undefined && { onLeft }) })
    .then(release)
    .then((final) => final && send(raw, final))
    .catch((error: Error) => raw.destroy(error));
}

function sendByFastify(reply: NestResponse, { status, headers, body }: HttpResponse): void {
  reply.status(status);
  for (const name of new Set(headers.map(([header]) => header))) {
    const values = headers.filter(([header]) => header === name).map(([, value]) => value);
    reply.header(name, values.length === 1 ? values[0] : values);
  }
  const empty = status === 204 || status === 304;
  reply.send(empty ? undefined : Buffer.from(body.buffer, body.byteOffset, body.byteLength));
}

/** One undefined, by the RxJS that the app has. */
function ended(next: NestCallHandler): NestObservable {
  // Nothing runs before it is subscribed to.
  const { constructor } = next.handle() as unknown as {
    constructor: new (
      subscribe: (subscriber: { next(value: undefined): void; complete(): void }) => void,
    ) => NestObservable;
  };
  return new constructor((subscriber) => {
    subscriber.next(undefined);
    subscriber.complete();
  });
}
