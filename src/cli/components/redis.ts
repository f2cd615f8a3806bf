/** Redis as a component: a cache module, a compose service, a client package, one variable. */
import type { Component } from './component.ts';

export const redis: Component = {
  name: 'redis',
  summary: 'Cache module with stampede protection, Redis service for compose, client package, settings',
  version: '1',
  env: [
    {
      name: 'REDIS_URL',
      kind: 'url',
      default: 'redis://localhost:6379/0',
      description: 'Redis connection URL (redis:// or rediss://).',
      sensitive: true,
    },
  ],
  service: {
    name: 'redis',
    images: [
      { id: 'redis:7', reference: 'redis:7-alpine', cli: 'redis-cli' },
      { id: 'valkey:8', reference: 'valkey/valkey:8-alpine', cli: 'valkey-cli' },
      {
        id: 'bundled',
        reference: 'paxx-redis:7',
        cli: 'redis-cli',
        check: ['node', '/opt/paxx/main.js', 'healthcheck'],
        build: 'docker/redis',
      },
    ],
    port: 6379,
    volume: 'redis_data',
    dataFolder: '/data',
  },
  clients: ['ioredis', 'redis'],
  pieces: [
    { name: 'lease', summary: 'one holder at a time among all processes, with a fencing token' },
    { name: 'limiter', summary: 'rate limits, exact in every window' },
    { name: 'semaphore', summary: 'at most so many holders at a time' },
    { name: 'queue', summary: 'jobs with retries, delays and dead letters' },
    { name: 'idempotency', summary: 'one effect per key, repetitions get its result' },
    { name: 'coalescer', summary: 'callers in one process share a call' },
    { name: 'wait-for', summary: 'wait until a key is as hoped for' },
    { name: 'leader', summary: 'one process leads' },
    { name: 'barrier', summary: 'all parties go on together' },
    { name: 'latch', summary: 'closed until so many have counted down' },
    { name: 'cache', summary: 'a cache with tags, grace and a tier in the process' },
  ],
};
