/** How the plugins get their hooks to Fastify's routes. */
import type {
  FastifyApp,
  FastifyPlugin,
  FastifyRouteLike,
  FastifyRouteOptions,
  RequestHook,
  SendHook,
} from './fastify-types.ts';

export interface RouteHooks {
  readonly onRequest?: RequestHook;
  readonly preHandler?: RequestHook;
  readonly onSend?: SendHook;
}

/** What it does counts for the scope in which it is registered. @see https://fastify.dev/docs/latest/Reference/Plugins/ */
export function plugin<O>(name: string, register: FastifyPlugin<O>): FastifyPlugin<O> {
  return Object.assign(register, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: name,
    [Symbol.for('plugin-meta')]: { name, fastify: '5.x' },
  });
}

type Own<K extends keyof FastifyRouteOptions> = Exclude<FastifyRouteOptions[K], boolean | undefined>;

/**
 * Hooks for each route that is taken in: behind its own before the handler, before its own after it.
 * @param hooksFor own: the options that the route gives, undefined where it shares the plugin's
 */
export function eachRoute<K extends keyof FastifyRouteOptions>(
  app: FastifyApp,
  piece: K,
  global: boolean,
  hooksFor: (own: Own<K> | undefined, route: FastifyRouteLike) => RouteHooks,
): void {
  let shared: RouteHooks | undefined;
  app.addHook('onRoute', (route) => {
    const wish = route.config?.paxx?.[piece] ?? global;
    if (wish === false) return;
    const hooks = typeof wish === 'object' ? hooksFor(wish as Own<K>, route) : (shared ??= hooksFor(undefined, route));
    if (hooks.onRequest !== undefined) route.onRequest = [...listOf(route.onRequest), hooks.onRequest];
    if (hooks.preHandler !== undefined) route.preHandler = [...listOf(route.preHandler), hooks.preHandler];
    if (hooks.onSend !== undefined) route.onSend = [hooks.onSend, ...listOf(route.onSend)];
  });
}

function listOf(hooks: unknown): object[] {
  return hooks === undefined ? [] : ([hooks].flat() as object[]);
}
