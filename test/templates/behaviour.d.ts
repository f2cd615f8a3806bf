import { type Variant } from './variants.ts';
export declare function describeBehaviour(variant: Variant): void;
