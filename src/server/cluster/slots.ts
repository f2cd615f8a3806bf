// Which of the 16384 slots a key belongs to.

export const SLOTS = 16_384;

/** CRC16 (XMODEM) of the key, or of what stands between its first braces where that is something. */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  const hasTag = close > open + 1;
  const end = hasTag ? close : key.length;
  let crc = 0;
  for (let i = hasTag ? open + 1 : 0; i < end; i++) {
    crc = ((crc << 8) & 0xffff) ^ TABLE[(crc >> 8) ^ key.charCodeAt(i)]!;
  }
  return crc & (SLOTS - 1);
}

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
  return crc & 0xffff;
});
