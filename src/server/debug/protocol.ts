// DEBUG PROTOCOL: one reply of each type, for the tests of clients.

import type { Reply } from '../reply/reply.ts';

/** Samples by name; undefined for a name that is none. */
export function protocolSample(name: string): ((reply: Reply) => void) | undefined {
  return SAMPLES[name];
}

const BIG_NUMBER = '1234567999999999999999999999999999999';

const SAMPLES: Readonly<Record<string, (reply: Reply) => void>> = {
  string: (reply) => reply.bulk('Hello World'),
  integer: (reply) => reply.integer(12_345),
  double: (reply) => reply.double(3.141),
  null: (reply) => reply.null(),
  array: (reply) => {
    reply.array(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  },
  set: (reply) => {
    reply.set(3);
    for (let i = 0; i < 3; i++) reply.integer(i);
  },
  map: (reply) => {
    reply.map(3);
    for (let i = 0; i < 3; i++) {
      reply.integer(i);
      reply.bool(i === 1);
    }
  },
  attrib: (reply) => {
    reply.attribute(1);
    if (reply.resp3) {
      reply.bulk('key-popularity');
      reply.array(2);
      reply.bulk('key:123');
      reply.integer(90);
    }
    reply.bulk('Some real reply following the attribute');
  },
  push: (reply) => {
    reply.push(2);
    reply.bulk('server-cpu-usage');
    reply.integer(42);
    // The command still owes its own reply.
    reply.bulk('Some real reply following the push reply');
  },
  verbatim: (reply) => reply.verbatim('txt', 'This is a verbatim\nstring'),
  true: (reply) => reply.bool(true),
  false: (reply) => reply.bool(false),
  bignum: (reply) => reply.bigNumber(BIG_NUMBER),
};
