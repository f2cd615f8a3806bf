/** How a file spaces and comments its variables: what the next ones should look like. */
import { mostCommon } from './assignment.ts';
import { findHeading, headingLength, isRule, likeTitle, titleIn } from './heading.ts';
import type { Heading } from './heading.ts';
import type { EnvComment, EnvEntry, EnvItem } from './scan.ts';

export interface Rhythm {
  /** Blank lines before a new group. */
  readonly separation: number;
  /** Blank lines between the variables of one group. */
  readonly spacing: number;
  /** Which variables have a comment above them, or behind their value. */
  readonly comments: 'each' | 'group' | 'inline' | 'none';
  /** True where a blank line follows what opens a group. */
  readonly setOff: boolean;
  /** `# `, `#`, `## `. */
  readonly leader: string;
  /** How groups are headed, where they are. */
  readonly heading?: Heading;
  /** Set where groups are titled with a word or three, not with sentences: how to title one more. */
  readonly titled?: (topic: string) => string;
}

/** One variable with what stands between it and the one before. */
interface Placed {
  readonly entry: EnvEntry;
  /** The longest run of blank lines since the variable before. */
  readonly gap: number;
  /** Comment lines directly above, none of them a variable that is commented out. */
  readonly lead: readonly EnvComment[];
  /** The last run of comments above, also when blank lines follow it. */
  readonly above: readonly EnvComment[];
}

export function rhythmOf(items: readonly EnvItem[]): Rhythm {
  const placed = place(items);
  const gaps = placed.slice(1).map(({ gap }) => gap);
  const positive = gaps.filter((gap) => gap > 0);
  const heads = placed.filter(({ gap, lead }, i) => i === 0 || gap > 0 || lead.length > 0);
  const prose = items.filter((item) => item.kind === 'comment').filter((item) => !item.disabled && !isRule(item.text));
  const opened = heads.slice(1).filter(({ above }) => above.length > 0);
  const separation = mostCommon(positive) ?? (gaps.length === 0 && prose.length > 0 ? 1 : 0);
  const heading = findHeading(openings(heads));
  const titles = opened.map(({ above }) => (heading ? likeliestTitle(above, heading) : titleIn(above[0]!.text)));
  const short = isMajority(titles, isShort);
  const habit = commentHabit(placed, heads);
  return {
    separation,
    spacing: gaps.length > 1 && positive.length === gaps.length ? separation : 0,
    // Short words over most variables are titles of small groups, not descriptions.
    comments: habit === 'each' && short && !heading ? 'group' : habit,
    setOff: isMajority(opened, ({ lead }) => lead.length === 0),
    leader: mostCommon(prose.map(({ text }) => /^#+[ \t]?/.exec(text.trimStart())![0])) ?? '# ',
    ...(heading ? { heading } : {}),
    ...(short ? { titled: titling(titles) } : {}),
  };
}

/** The title that a comment run carries when it is laid out as the heading is. */
function likeliestTitle(run: readonly EnvComment[], heading: Heading): string {
  const line = run[heading.titleLine] ?? run[0]!;
  return titleIn(line.text);
}

/** "Database Settings", "Mail Settings": one more has the same last word, and the same case. */
function titling(titles: readonly string[]): (topic: string) => string {
  const lastWords = titles.map((title) => /\s([\p{L}:]+)$/u.exec(title)?.[1] ?? '');
  const common = mostCommon(lastWords) ?? '';
  const shared = common !== '' && isMajority(lastWords, (word) => word === common) ? ` ${common}` : '';
  return (topic) => likeTitle(topic + shared, titles.join(''));
}

/** The comments that open groups, the first group's first even where it has none. */
function openings(heads: readonly Placed[]): (readonly string[])[] {
  const runs = heads.map(({ above }) => above.map(({ text }) => text));
  return runs.filter((run, i) => i === 0 || run.length > 0);
}

function commentHabit(placed: readonly Placed[], heads: readonly Placed[]): Rhythm['comments'] {
  // A heading belongs to its group; only what stands below it speaks of the variable.
  const commented = placed.filter(({ lead }) => lead.length > headingLength(lead.map(({ text }) => text))).length;
  const inline = placed.filter(({ entry }) => entry.inlineComment).length;
  if (inline * 2 > placed.length && commented === 0) return 'inline';
  if (commented > 0 && commented * 5 >= placed.length * 3) return 'each';
  // What stands over the first group may be about the whole file, so the others tell.
  const headed = heads.slice(1).filter(({ above }) => above.length > 0).length;
  return headed > 0 && headed * 2 >= heads.length - 1 ? 'group' : 'none';
}

function place(items: readonly EnvItem[]): Placed[] {
  const placed: Placed[] = [];
  let gap = 0;
  let blanks = 0;
  let run: EnvComment[] = [];
  for (const item of items) {
    if (item.kind === 'blank') {
      gap = Math.max(gap, ++blanks);
      continue;
    }
    if (item.kind === 'variable') {
      placed.push({ entry: item, gap, lead: blanks === 0 ? run : [], above: run });
      gap = 0;
      run = [];
    } else if (item.kind === 'comment' && !item.disabled) {
      run = blanks === 0 ? [...run, item] : [item];
    } else {
      run = [];
    }
    blanks = 0;
  }
  return placed;
}

function isMajority<T>(items: readonly T[], holds: (item: T) => boolean): boolean {
  return items.filter(holds).length * 2 > items.length;
}

function isShort(title: string): boolean {
  return title.split(/\s+/).length <= 3 && !/[.,;]$/.test(title);
}
