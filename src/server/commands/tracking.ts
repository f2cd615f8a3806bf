// Client-side caching: CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO.

import type { Client } from '../client.ts';
import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { fail, SYNTAX_ERROR } from '../errors.ts';
import { openTracking } from '../tracking/tracking.ts';
import type { TrackingOptions } from '../tracking/tracking.ts';

export const trackingHandlers = {
  'client|caching': caching,
  'client|getredir': getredir,
  'client|tracking': tracking,
  'client|trackinginfo': trackinginfo,
} satisfies Handlers;

function tracking(call: Call): void {
  const { client, server } = call;
  const options = parseOptions(call);
  if (call.is(2, 'on')) {
    checkOptions(client, options);
    openTracking(server).enable(client, options);
  } else if (call.is(2, 'off')) {
    server.tracking?.disable(client);
  } else {
    throw SYNTAX_ERROR;
  }
  call.reply.ok();
}

interface Given extends TrackingOptions {
  readonly optIn: boolean;
  readonly optOut: boolean;
}

function parseOptions(call: Call): Given {
  const prefixes: string[] = [];
  let redirect = 0;
  let broadcast = false;
  let optIn = false;
  let optOut = false;
  let noLoop = false;
  for (let i = 3; i < call.argc; i++) {
    const more = i + 1 < call.argc;
    if (more && call.is(i, 'redirect')) {
      if (redirect !== 0) fail('ERR A client can only redirect to a single other client');
      redirect = call.integer(++i);
      // It may go later; then the redirection is broken.
      if (!call.server.clients.has(redirect)) fail('ERR The client ID you want redirect to does not exist');
    } else if (call.is(i, 'bcast')) broadcast = true;
    else if (call.is(i, 'optin')) optIn = true;
    else if (call.is(i, 'optout')) optOut = true;
    else if (call.is(i, 'noloop')) noLoop = true;
    else if (more && call.is(i, 'prefix')) prefixes.push(call.arg(++i));
    else throw SYNTAX_ERROR;
  }
  const mode = optIn ? 'optin' : optOut ? 'optout' : undefined;
  return { redirect, broadcast, mode, noLoop, prefixes, optIn, optOut };
}

/** Options have to go together, and with how the client tracks already. */
function checkOptions(client: Client, { broadcast, optIn, optOut, prefixes }: Given): void {
  const before = client.tracking;
  if (!broadcast && prefixes.length > 0) fail('ERR PREFIX option requires BCAST mode to be enabled');
  if (before !== undefined && before.broadcast !== broadcast) {
    fail(
      "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
    );
  }
  if (broadcast && (optIn || optOut)) fail('ERR OPTIN and OPTOUT are not compatible with BCAST');
  if (optIn && optOut) fail("ERR You can't specify both OPTIN mode and OPTOUT mode");
  if ((optIn && before?.mode === 'optout') || (optOut && before?.mode === 'optin')) {
    fail(
      "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
    );
  }
  if (broadcast) checkPrefixes([...(before?.prefixes ?? [])].sort(), prefixes);
}

/** One client's prefixes must not contain each other: it would be told twice. */
function checkPrefixes(existing: readonly string[], given: readonly string[]): void {
  for (const [i, prefix] of given.entries()) {
    const taken = existing.find((other) => overlap(prefix, other));
    if (taken !== undefined) {
      fail(
        `ERR Prefix '${prefix}' overlaps with an existing prefix '${taken}'. Prefixes for a single client must not overlap.`,
      );
    }
    const twin = given.slice(i + 1).find((other) => overlap(prefix, other));
    if (twin !== undefined) {
      fail(
        `ERR Prefix '${prefix}' overlaps with another provided prefix '${twin}'. Prefixes for a single client must not overlap.`,
      );
    }
  }
}

function overlap(first: string, second: string): boolean {
  return first.startsWith(second) || second.startsWith(first);
}

function caching(call: Call): void {
  const { tracking: tracked } = call.client;
  if (tracked === undefined) {
    return fail(
      'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
    );
  }
  if (call.is(2, 'yes')) {
    if (tracked.mode !== 'optin') fail('ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.');
  } else if (call.is(2, 'no')) {
    if (tracked.mode !== 'optout') fail('ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.');
  } else {
    throw SYNTAX_ERROR;
  }
  tracked.caching = true;
  call.reply.ok();
}

function getredir(call: Call): void {
  call.reply.integer(call.client.tracking?.redirect ?? -1);
}

function trackinginfo(call: Call): void {
  const { reply, client } = call;
  const flags = flagsOf(client);
  const prefixes = [...(client.tracking?.prefixes ?? [])].sort();
  reply.map(3);
  reply.bulk('flags');
  reply.set(flags.length);
  for (const flag of flags) reply.bulk(flag);
  reply.bulk('redirect');
  reply.integer(client.tracking?.redirect ?? -1);
  reply.bulk('prefixes');
  reply.bulks(prefixes);
}

function flagsOf({ tracking: tracked }: Client): string[] {
  if (tracked === undefined) return ['off'];
  const { broadcast, mode, caching: cached, noLoop, broken } = tracked;
  const flags = ['on'];
  if (broadcast) flags.push('bcast');
  if (mode !== undefined) flags.push(mode);
  if (mode !== undefined && cached) flags.push(mode === 'optin' ? 'caching-yes' : 'caching-no');
  if (noLoop) flags.push('noloop');
  if (broken) flags.push('broken_redirect');
  return flags;
}
