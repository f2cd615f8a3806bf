/** RESP2 and RESP3: decoding replies as they arrive, encoding commands. Imports nothing. */

export { Decoder, ProtocolError } from './decoder.ts';
export type { DecoderOptions } from './decoder.ts';
export { encodeByteCommand, encodeCommand, encodeTextCommand } from './encoder.ts';
export type { ArgumentValue } from './encoder.ts';
export { ErrorReply, MapReply, PushReply, SetReply, VerbatimReply } from './values.ts';
export type { RespValue } from './values.ts';
