/** A small schema language for replies; a shape says at once what RESP2 and RESP3 carry. */

export type ReplyShape = { readonly kind: 'any' };

export const any: ReplyShape = { kind: 'any' };
