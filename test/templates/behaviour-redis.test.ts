/** Behaviour of the renderings for node-redis. */
import { describeBehaviour } from './behaviour.ts';
import { VARIANTS } from './variants.ts';

for (const variant of VARIANTS.filter(({ client }) => client === 'redis')) describeBehaviour(variant);
