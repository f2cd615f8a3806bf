// As a setup file of vitest: each test file gets a server of its own in REDIS_URL, before its imports read it.

import { startServer } from './start-server.ts';

const redis = await startServer();
process.env['REDIS_URL'] = redis.url;
