/** Every framework that detection knows, in order of precedence within a rank. */
import type { Framework } from '../host.ts';
import { adonis } from './adonis.ts';
import { elysia } from './elysia.ts';
import { express } from './express.ts';
import { fastify } from './fastify.ts';
import type { FrameworkRule } from './framework.ts';
import { hono } from './hono.ts';
import { koa } from './koa.ts';
import { nest } from './nest.ts';
import { next } from './next.ts';
import { node } from './node.ts';
import { payload } from './payload.ts';
import { reactRouter } from './react-router.ts';
import { remix } from './remix.ts';
import { trpc } from './trpc.ts';

export const FRAMEWORKS: readonly FrameworkRule[] = [
  adonis,
  nest,
  payload,
  next,
  reactRouter,
  remix,
  fastify,
  hono,
  elysia,
  koa,
  express,
  trpc,
  node,
];

export function ruleOf(framework: Framework): FrameworkRule {
  return FRAMEWORKS.find((rule) => rule.framework === framework) ?? node;
}
