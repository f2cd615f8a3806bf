/** Values that all readers share must not be changed by any of them. */

/** The same value, frozen with all that it holds. Maps, Sets and typed arrays cannot be frozen, and are left. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
  return value;
}
