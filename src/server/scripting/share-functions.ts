// Lets whatever saves and loads the data set have the libraries of functions as well.

import { savingOf } from '../persistence/saving.ts';
import type { Server } from '../server.ts';
import { hasScripting, scriptingOf } from './engine.ts';

export function shareFunctions(server: Server): void {
  savingOf(server).functions = {
    list: () =>
      hasScripting(server) ? [...scriptingOf(server).libraries.byName.values()].map(({ code }) => code) : [],
    load: (code, replace) => {
      scriptingOf(server).libraries.load(code, replace);
    },
    clear: () => {
      if (hasScripting(server)) scriptingOf(server).libraries.clear();
    },
  };
}
