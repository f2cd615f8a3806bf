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
};
