/** A module of a Nest app that uses what `--with limiter,idempotency,cache` gives it, as the rendered file says. */
import { Buffer } from 'node:buffer';
import type { Preparation } from './next-steps.ts';

const MODULE = `import { Controller, Get, Module, Post } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import {
    CacheResponse,
    CacheResponseInterceptor,
    IdempotencyKeyInterceptor,
    PaxxRedisModule,
    RateLimit,
    RateLimitGuard,
} from '@paxx/redis/nest';
import { paxxRedisOptions } from './redis/coordination';
import { RedisService } from './redis/redis.module';

@Controller('orders')
class OrdersController {
    private placed = 0;
    private listed = 0;

    @Get('limited')
    @RateLimit({ rate: '2/h' })
    limited(): string {
        return 'yes';
    }

    @Post()
    place(): { order: number } {
        return { order: ++this.placed };
    }

    @Get()
    @CacheResponse({ ttl: '1m' })
    list(): { listed: number } {
        return { listed: ++this.listed };
    }
}

@Module({
    imports: [
        PaxxRedisModule.forRootAsync({
            inject: [RedisService],
            useFactory: paxxRedisOptions,
        }),
    ],
    controllers: [OrdersController],
    providers: [
        { provide: APP_GUARD, useClass: RateLimitGuard },
        { provide: APP_INTERCEPTOR, useClass: IdempotencyKeyInterceptor },
        { provide: APP_INTERCEPTOR, useClass: CacheResponseInterceptor },
    ],
})
export class OrdersModule {}
`;

export const ORDERS_FILES: ReadonlyMap<string, Buffer> = new Map([['src/orders.module.ts', Buffer.from(MODULE)]]);

/** In the root module, beside a module of the app's own. */
export function importOrders(beside: string): readonly Preparation[] {
  const file = 'src/app.module.ts';
  const statement = "import { OrdersModule } from './orders.module';\n";
  return [
    { file, from: `${beside},\n`, to: `OrdersModule,\n${beside},\n` },
    { file, from: `import { ${beside} }`, to: `${statement}import { ${beside} }` },
  ];
}

/** More requests than the limit allows, the same order twice and another under its key, and a list until it is kept. */
export async function useOrders(url: string): Promise<unknown> {
  const limited: unknown[] = [];
  for (let i = 0; i < 3; i++) {
    const { status, headers } = await fetch(`${url}/orders/limited`);
    limited.push([status, headers.get('retry-after')]);
  }
  const orders: unknown[] = [];
  for (const body of ['{"a":1}', '{"a":1}', '{"a":2}']) {
    const headers = { 'content-type': 'application/json', 'idempotency-key': '"k-1"' };
    const answer = await fetch(`${url}/orders`, { method: 'POST', headers, body });
    orders.push([answer.status, await answer.text()]);
  }
  // The cache gives up on a Redis that is slow, as the whole machine may be.
  for (let last = ''; ;) {
    const answer = await fetch(`${url}/orders`);
    const found = answer.headers.get('x-cache');
    const text = await answer.text();
    if (found !== null) return { limited, orders, kept: { found, same: text === last } };
    last = text;
  }
}
