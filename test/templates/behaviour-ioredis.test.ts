/** Behaviour of the renderings for ioredis. */
import { describeBehaviour } from './behaviour.ts';
import { VARIANTS } from './variants.ts';

for (const variant of VARIANTS.filter(({ client }) => client === 'ioredis')) describeBehaviour(variant);
