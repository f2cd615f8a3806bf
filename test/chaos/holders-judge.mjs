// Judges what the workers of test/chaos/holders.mjs have written down; see holders-worker.mjs for the lines.
//
// A holder's claim begins with its grant and ends with the last time that the API has told, or where it was given back
// or lost. Claims are about time: those of a process that was stopped or killed count like all others. Only where the
// server has lost its data are those granted before excused, for as long as they may last at the longest.

/** `limit`: holders at once. */
export const HOLDERS = {
  lease: { limit: 1, ttlMs: 400 },
  permit: { limit: 2, ttlMs: 400 },
  term: { limit: 1, ttlMs: 600, stepDownMs: 200 },
};

/** By so much validity ends before the time to live does, at least. */
const MARGIN_MS = 50;
/** Clocks are read in whole microseconds. */
const PRECISION_MS = 0.01;
/** Nothing is written down later: processes are stopped for less. */
const SETTLED_MS = 10_000;

/** @typedef {{ what: string, id: string, pid: number, at: number, until: number, asked: number, token?: number, end: number, lost?: number }} Hold */

export function createJudge() {
  /** @type {Map<string, Hold>} */
  const holds = new Map();
  /** When the server's data were gone, and a token above all that it had granted. */
  const wipes = [];
  /** Writes that a resource outside of Redis has refused. */
  const refusals = [];
  const highest = { lease: 0, term: 0 };
  let violations = [];
  const totals = { lease: 0, permit: 0, term: 0, uses: 0, lost: 0, refused: 0, fenced: 0 };
  /** Grants by process, for those who wait for somebody to get on. */
  let recent = [];
  let fenced = 0;

  const fail = (text, ...involved) => violations.push([text, ...involved.map((one) => JSON.stringify(one))].join(' '));

  function readLine(line) {
    const [kind, what, id, ...numbers] = line.split(' ');
    if (kind === 'U') return fail(`unexpected: ${line}`);
    const [pid, at, until, asked] = numbers.map(Number);
    const hold = holds.get(`${what} ${id}`);
    if (kind === 'G') {
      const granted = { what, id, pid, at, until, asked, end: Infinity };
      if (what !== 'permit') granted.token = Number(id);
      if (hold !== undefined) fail('granted twice:', hold, granted);
      holds.set(`${what} ${id}`, granted);
      totals[what]++;
      recent.push(granted);
    } else if (hold === undefined) {
      fail(`of one that has ended long ago: ${line}`);
    } else if (kind === 'V') {
      if (hold.lost !== undefined) fail(`used after its signal at ${at}:`, hold);
      hold.until = Math.max(hold.until, until);
      totals.uses++;
    } else if (kind === 'D') {
      fail(`its time has passed, at ${at} no signal has fired:`, hold);
    } else {
      if (kind === 'L') {
        hold.lost = at;
        totals.lost++;
      }
      // Who has lost a term has some time left, before it gives it back.
      if (kind === 'R' || what !== 'term') hold.end = Math.min(hold.end, at);
    }
  }

  function checkTogether(what) {
    const { limit, ttlMs } = HOLDERS[what];
    const all = [...holds.values()].filter((hold) => hold.what === what);
    // More than before can be only where one begins and where one is no longer excused.
    for (const at of [...all.map((hold) => hold.at), ...wipes.map((wipe) => wipe.at + ttlMs)]) {
      const current = wipes.filter((wipe) => wipe.at <= at && at < wipe.at + ttlMs);
      const claims = all.filter(
        (hold) =>
          hold.at <= at && at < Math.min(hold.until, hold.end) && !current.some((wipe) => mayPredate(hold, wipe)),
      );
      if (claims.length > limit) return fail(`${claims.length} of ${limit} (${what}) at ${at}:`, ...claims);
    }
  }

  function checkTokens(what) {
    let before = highest[what];
    for (const hold of [...holds.values()].filter((one) => one.what === what).sort((a, b) => a.at - b.at)) {
      // Granted before the loss, but heard of after somebody else had got the next.
      const overtaken = wipes.some((wipe) => mayPredate(hold, wipe) && wipe.mark < before);
      if (hold.token <= before && !overtaken) fail(`token ${hold.token} after ${before}:`, hold);
      before = Math.max(before, hold.token);
    }
  }

  function checkOne(hold) {
    const { ttlMs } = HOLDERS[hold.what];
    const wipe = wipes.find(({ at }) => hold.at <= at);
    if (wipe !== undefined && hold.until > wipe.at + ttlMs - MARGIN_MS + PRECISION_MS)
      fail(`relied on after the data were lost at ${wipe.at}:`, hold);
    if (
      hold.lost < hold.until - PRECISION_MS &&
      hold.what !== 'term' &&
      !wipes.some((one) => one.at <= hold.lost && mayPredate(hold, one))
    )
      fail('lost while it was certain:', hold);
  }

  return {
    totals,
    /** Whole lines of the log. */
    read: (lines) => lines.forEach((line) => readLine(line)),
    /** The server is gone and its data with it. @param mark a token above all of its */
    wiped(at, mark) {
      wipes.push({ at, mark });
      fenced = 0;
    },
    /** A write with this token was refused by a resource that has seen a higher one. */
    refused(token, at) {
      refusals.push({ token, at });
      totals.refused++;
    },
    /** Tokens with which a resource in Redis was touched, in order. */
    touched(tokens) {
      for (const token of tokens) {
        if (token < fenced) fail(`the resource took token ${token} after ${fenced}`);
        fenced = token;
        totals.fenced++;
      }
    },
    /** Who has been granted what since then. */
    grantsSince(at) {
      recent = recent.filter((hold) => hold.at >= at);
      return recent;
    },
    /** @returns what must not be, of all that was written down lately */
    check(at) {
      for (const what of Object.keys(HOLDERS)) checkTogether(what);
      for (const what of Object.keys(highest)) checkTokens(what);
      for (const hold of holds.values()) checkOne(hold);
      for (const { token, at: when } of refusals.splice(0)) {
        const hold = holds.get(`lease ${token}`);
        const claimed = hold !== undefined && when < Math.min(hold.until, hold.end);
        if (claimed && !wipes.some((wipe) => wipe.at <= when && mayPredate(hold, wipe)))
          fail(`refused at ${when} what it holds:`, hold);
      }
      for (const [key, hold] of holds) {
        if (Math.min(hold.until, hold.end) > at - SETTLED_MS) continue;
        holds.delete(key);
        if (hold.token !== undefined) highest[hold.what] = Math.max(highest[hold.what], hold.token);
      }
      while (wipes.length > 0 && wipes[0].at < at - 2 * SETTLED_MS) wipes.shift();
      const found = violations;
      violations = [];
      return found;
    },
  };
}

/** Was it granted before the data were lost? A token is not below the server’s time; a permit has none. */
function mayPredate({ asked, token }, wipe) {
  return asked < wipe.at && (token === undefined || token <= wipe.mark);
}
