// A series of delays drawn as text, each bar with its age below: what LATENCY GRAPH answers.

import type { Spike } from './latency.ts';

const ROWS = 4;
/** From low to high within one row of text. */
const LEVELS = '_-`';
const FILL = '|';

/** One column per spike, at most `columns` of the latest. */
export function drawSpikes(spikes: readonly Spike[], now: number, columns = 80): string {
  const shown = spikes.slice(-columns);
  const values = shown.map(({ milliseconds }) => milliseconds);
  const least = Math.min(...values);
  const range = Math.max(...values) - least || 1;
  const steps = ROWS * LEVELS.length;
  const heights = values.map((value) => Math.round(((value - least) / range) * (steps - 1)));
  const lines: string[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    lines.push(
      heights
        .map((height) => cell(height, row))
        .join('')
        .trimEnd(),
    );
  }
  const labels = shown.map(({ at }) => ageOf(Math.max(0, now - at)));
  const depth = Math.max(...labels.map(({ length }) => length));
  lines.push('');
  for (let line = 0; line < depth; line++)
    lines.push(
      labels
        .map((label) => label[line] ?? ' ')
        .join('')
        .trimEnd(),
    );
  return `${lines.join('\n')}\n`;
}

function cell(height: number, row: number): string {
  const level = height - row * LEVELS.length;
  if (level < 0) return ' ';
  return level < LEVELS.length ? LEVELS[level]! : FILL;
}

function ageOf(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
