/** Options of routes and the guards' and interceptors' dependencies, as Nest's own decorators note them. */
import { PaxxRedisError } from '../port/index.ts';
import type { NestClass, NestExecutionContext } from './nest-types.ts';

/** Of the package reflect-metadata, which Nest loads. */
interface MetadataReflect {
  defineMetadata?(key: string | symbol, value: unknown, target: object): void;
  getMetadata?(key: string | symbol, target: object): unknown;
}

/** For methods and classes. */
export type RouteDecorator = (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => void;

/** @throws PaxxRedisError UNSUPPORTED outside Nest */
export function decorate(key: symbol, options: unknown): RouteDecorator {
  return (target, _name, descriptor) => define(key, options, (descriptor?.value as object | undefined) ?? target);
}

/** What the handler says, else its class. The target is the one that said it: undefined, neither did. */
export function optionsOf<O>(
  key: symbol,
  context: NestExecutionContext,
): { readonly options: O; readonly name: string } | undefined {
  const handler = context.getHandler() as { readonly name: string };
  const owner: NestClass = context.getClass();
  const { getMetadata } = Reflect as MetadataReflect;
  const own = getMetadata?.(key, handler);
  if (own !== undefined) return { options: own as O, name: `${owner.name}.${handler.name}` };
  const shared = getMetadata?.(key, owner);
  return shared === undefined ? undefined : { options: shared as O, name: owner.name };
}

/** As `constructor(@Inject(token) first)` would. */
export function injectInto(target: NestClass, token: symbol): void {
  define('self:paramtypes', [{ index: 0, param: token }], target);
}

function define(key: string | symbol, value: unknown, target: object): void {
  const { defineMetadata } = Reflect as MetadataReflect;
  if (defineMetadata === undefined) {
    throw new PaxxRedisError('UNSUPPORTED', 'reflect-metadata is not loaded; @nestjs/common does it.');
  }
  defineMetadata(key, value, target);
}
