/** Headings over groups of variables: `# --- Database ---`, or a title between two rules. */

export interface Heading {
  /** The lines of the last heading, its title among them. */
  readonly lines: readonly string[];
  /** Index of the line that holds the title. */
  readonly titleLine: number;
  readonly title: string;
  /** True where headings of different titles all end in one column. */
  readonly justified: boolean;
}

const RULE = /^\s*#\s*[-=*#~_+─═]{3,}\s*#?\s*$|^\s*#{4,}\s*$/;
const DECORATED = /^\s*#+\s*[-=*#~_+─═]{2,}\s*(\S.*?)\s*(?:[-=*#~_+─═]{2,}\s*#*)?\s*$|^\s*#{2,}\s+(\S.*?)\s*#{2,}\s*$/;

const BRACKETED = /^\s*#+\s*(?:\[+|<+)\s*(\S.*?)\s*(?:\]+|>+)\s*$/;
const BARE = /^\s*#\s*$/;

/** A line that only draws a line. */
export function isRule(line: string): boolean {
  return RULE.test(line);
}

/**
 * The heading that most groups have; the last one is the model.
 *
 * @param runs for each group that a comment opens the lines of that comment. The first may be about the
 * whole file, so it is no evidence on its own.
 */
export function findHeading(runs: readonly (readonly string[])[]): Heading | undefined {
  const headings = runs.map(headingOf).filter((heading) => heading !== undefined);
  const later = runs.slice(1).filter((run) => headingOf(run) !== undefined);
  const last = headings.at(-1);
  if (!last || later.length === 0 || headings.length * 2 < runs.length) return undefined;
  const titleLines = headings.map((heading) => heading.lines[heading.titleLine]!.trimEnd());
  const lengths = new Set(titleLines.map((line) => line.length));
  const titles = new Set(headings.map((heading) => heading.title.length));
  return { ...last, justified: lengths.size === 1 && (titles.size > 1 || last.lines.length > 1) && isClosed(last) };
}

/** How many of the lines are a heading. */
export function headingLength(lines: readonly string[]): number {
  return headingOf(lines)?.lines.length ?? 0;
}

/** The heading's lines with another title in them. */
export function renderHeading(heading: Heading, title: string): readonly string[] {
  const old = heading.lines[heading.titleLine]!.trimEnd();
  const cased = likeTitle(title, heading.title);
  const at = old.indexOf(heading.title);
  const before = old.slice(0, at);
  const after = old.slice(at + heading.title.length);
  const line = heading.justified ? justify(before, cased, after, old.length) : before + cased + after;
  const boxed = isClosed(heading);
  return heading.lines.map((other, i) => {
    if (i === heading.titleLine) return line;
    const rule = other.trimEnd();
    return boxed && rule.length === old.length ? resized(rule, line.length) : rule;
  });
}

/** The rule of a box that is as wide as its title. */
function resized(rule: string, length: number): string {
  return rule.replace(/([-=*#~_+─═])\1{2,}/, (run) =>
    run.slice(0, 1).repeat(Math.max(3, run.length + length - rule.length)),
  );
}

/** A title in capitals asks for capitals. */
export function likeTitle(title: string, model: string): string {
  return /[a-z]/.test(model) ? title : title.toUpperCase();
}

function headingOf(lines: readonly string[]): Omit<Heading, 'justified'> | undefined {
  const [first = '', second = '', third = ''] = lines;
  const decorated = isRule(first) ? null : (DECORATED.exec(first) ?? BRACKETED.exec(first));
  if (decorated) return { lines: [first], titleLine: 0, title: decorated[1] ?? decorated[2] ?? '' };
  // A bare `#` parts paragraphs as well, so it is a rule only where it stands on both sides.
  if (BARE.test(first) && BARE.test(third) && !isRule(second)) {
    return { lines: [first, second, third], titleLine: 1, title: titleIn(second) };
  }
  const titleLine = lines.findIndex((line) => !isRule(line));
  const title = titleIn(lines[titleLine] ?? '');
  if (title === '' || titleLine > 1) return undefined;
  const end = isRule(lines[titleLine + 1] ?? '') ? titleLine + 2 : titleLine + 1;
  // A bare title is a comment, not a heading: it takes a rule above or below.
  return end > titleLine + 1 || titleLine === 1 ? { lines: lines.slice(0, end), titleLine, title } : undefined;
}

/** The words of a comment, without the signs around them. */
export function titleIn(line: string): string {
  return /^\s*#+\s*(.*?)\s*#*\s*$/.exec(line)?.[1] ?? '';
}

/** True when something stands behind the title, so that its line has an end to keep in column. */
function isClosed(heading: Omit<Heading, 'justified'>): boolean {
  const line = heading.lines[heading.titleLine]!.trimEnd();
  return !line.endsWith(heading.title);
}

/** Grow or shrink what fills the line behind the title, a rule or the blanks of a box, to keep its length. */
function justify(before: string, title: string, after: string, length: number): string {
  const missing = length - (before + title + after).length;
  return (
    before +
    title +
    after.replace(/[ \t]+(?=#$)|[-=*#~_+─═]{2,}/, (run) => run.slice(0, 1).repeat(Math.max(1, run.length + missing)))
  );
}
