/** Jobs as entries of the stream: headers, body, and what retries add. */
import { PaxxRedisError } from '../../port/errors.ts';

/** An entry as a worker gets it. */
export interface Delivery {
  readonly entryId: string;
  /** How often it was handed to a worker, this time included. */
  readonly deliveries: number;
  /** Undefined: no job. */
  readonly body: string | undefined;
  /** Not a job, but there to wake a worker. */
  readonly wake: boolean;
  readonly jobId: string;
  /** Failed attempts before this entry was made. */
  readonly failures: number;
  readonly enqueuedAt: number;
  readonly headers: string;
}

type Fields = readonly unknown[];

/** @param fields names and values in turn, from `start` up to `end` */
export function toDelivery(
  entryId: string,
  deliveries: number,
  fields: Fields,
  start = 0,
  end = fields.length,
): Delivery {
  let body: string | undefined;
  let jobId = entryId;
  let failures = 0;
  let enqueuedAt: number | undefined;
  let headers = '';
  let wake = false;
  for (let index = start; index + 1 < end; index += 2) {
    const value = String(fields[index + 1]);
    switch (fields[index]) {
      case 'd':
        body = value;
        break;
      case 'i':
        jobId = value;
        break;
      case 'a':
        failures = Number(value);
        break;
      case 't':
        enqueuedAt = Number(value);
        break;
      case 'h':
        headers = value;
        break;
      case 'w':
        wake = true;
        break;
    }
  }
  enqueuedAt ??= Number.parseInt(entryId, 10);
  return { entryId, deliveries, body, wake, jobId, failures, enqueuedAt, headers };
}

/** As `queue.reclaim` and `queue.recover` answer: id, deliveries, number of fields, fields. */
export function toDeliveries(reply: Fields): Delivery[] {
  const deliveries: Delivery[] = [];
  let index = 1;
  while (index < reply.length) {
    const length = Number(reply[index + 2]);
    const start = index + 3;
    deliveries.push(toDelivery(String(reply[index]), Number(reply[index + 1]), reply, start, start + length));
    index = start + length;
  }
  return deliveries;
}

export function packHeaders(headers: Readonly<Record<string, string>> | undefined): string {
  return headers === undefined ? '' : JSON.stringify(headers);
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** Headers serve tracing; those that cannot be read must not stop the job. */
export function unpackHeaders(text: string): Readonly<Record<string, string>> {
  if (text === '') return NO_HEADERS;
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return NO_HEADERS;
  }
}

/** @throws PaxxRedisError INVALID for what cannot be written as text */
export function packBody(stringify: (data: unknown) => string | undefined, data: unknown): string {
  let text: string | undefined;
  try {
    text = stringify(data);
  } catch (error) {
    throw new PaxxRedisError('INVALID', `the job cannot be serialized: ${String(error)}`, { cause: error });
  }
  // JSON.stringify answers undefined for undefined and functions.
  if (typeof text !== 'string') throw new PaxxRedisError('INVALID', 'the job cannot be serialized');
  return text;
}
