// DEBUG RELOAD: what a save followed by a load leaves behind, through the RDB file where there is one.

import { reloadFrom } from '../persistence/rdb/rdb-store.ts';
import { savingOf } from '../persistence/saving.ts';
import type { ReloadOptions } from '../persistence/saving.ts';
import type { Server } from '../server.ts';

export function reload(server: Server, options: ReloadOptions): void {
  const saving = savingOf(server);
  if (saving.store !== undefined) saving.store.reload(options);
  else {
    reloadFrom(server, undefined, options);
    saving.save();
  }
  saving.settle();
}

export function loadAppendOnly(server: Server): void {
  const { store } = savingOf(server);
  if (store !== undefined) store.loadAppendOnly();
  else reload(server, { save: true, flush: true, merge: false });
}
