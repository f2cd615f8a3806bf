// Types for the latin1 methods of Node's Buffer that its declarations leave out; they skip `toString`'s dispatch.

interface Buffer {
  latin1Slice(start?: number, end?: number): string;
  latin1Write(text: string, offset?: number, length?: number): number;
}
