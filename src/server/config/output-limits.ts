// `client-output-buffer-limit`: classes of clients with a hard limit, a soft one, and how long the soft one is borne.

import type { OutputLimit, Settings } from '../settings.ts';
import { InvalidValue, parseMemory, printMemory, splitWords } from './kinds.ts';
import { define } from './parameter.ts';

type LimitClass = keyof Settings['outputLimits'];

const CLASSES: Readonly<Record<string, LimitClass>> = {
  normal: 'normal',
  slave: 'replica',
  replica: 'replica',
  pubsub: 'pubsub',
};

/** Its text as CONFIG GET answers it holds every class; CONFIG SET takes any of them. */
export const outputLimitParameter = define(
  'client-output-buffer-limit',
  {
    parse(given) {
      const limits = parseLimits(given);
      return Object.entries(limits)
        .map(([name, limit]) => `${name} ${words(limit)}`)
        .join(' ');
    },
    format: String,
  },
  '',
  {
    several: true,
    bound: {
      get: ({ outputLimits: { normal, replica, pubsub } }) =>
        `normal ${words(normal)} slave ${words(replica)} pubsub ${words(pubsub)}`,
      set: (settings, value) => {
        settings.outputLimits = { ...settings.outputLimits, ...parseLimits(String(value)) };
      },
    },
  },
);

/** One line of a configuration file for each class. */
export function outputLimitLines(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings.outputLimits).map(([name, limit]: [string, OutputLimit]) => [
      name,
      `client-output-buffer-limit ${name} ${printMemory(limit.hard)} ${printMemory(limit.soft)} ${limit.softSeconds}`,
    ]),
  );
}

function parseLimits(given: string): Partial<Record<LimitClass, OutputLimit>> {
  const parts = splitWords(given);
  if (parts.length % 4 !== 0) {
    throw new InvalidValue('Wrong number of arguments in buffer limit configuration.');
  }
  const limits: Partial<Record<LimitClass, OutputLimit>> = {};
  for (let i = 0; i < parts.length; i += 4) {
    const name = CLASSES[parts[i]!.toLowerCase()];
    if (name === undefined) {
      throw new InvalidValue('Invalid client class specified in buffer limit configuration.');
    }
    const hard = parseMemory(parts[i + 1]!);
    const soft = parseMemory(parts[i + 2]!);
    if (hard === undefined || soft === undefined || !/^\d+$/.test(parts[i + 3]!)) {
      throw new InvalidValue('Error in hard, soft or soft_seconds setting in buffer limit configuration.');
    }
    limits[name] = { hard: Number(hard), soft: Number(soft), softSeconds: Number(parts[i + 3]) };
  }
  return limits;
}

function words({ hard, soft, softSeconds }: OutputLimit): string {
  return `${hard} ${soft} ${softSeconds}`;
}
