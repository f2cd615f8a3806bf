/** Web-standard requests and responses. */
import type { HttpRequest, HttpResponse } from './exchange.ts';

export function requestOf(request: Request): HttpRequest {
  const { pathname, search } = new URL(request.url);
  return { method: request.method, url: pathname + search, header: (name) => request.headers.get(name) ?? undefined };
}

/** With its body, of which the handler gets the other copy. */
export async function requestWithBody(request: Request): Promise<HttpRequest> {
  const body = request.body === null ? undefined : await request.clone().text();
  return { ...requestOf(request), body };
}

export async function fromResponse(response: Response): Promise<HttpResponse> {
  return {
    status: response.status,
    headers: [...response.headers],
    body: new Uint8Array(await response.clone().arrayBuffer()),
  };
}

export function toResponse({ status, headers, body }: HttpResponse): Response {
  const empty = status === 304 || status === 204;
  const list = headers.map(([name, value]): [string, string] => [name, value]);
  return new Response(empty ? null : (body as Uint8Array<ArrayBuffer>), { status, headers: list });
}
