/** Where two values of JSON part: the first field, in the order in which the first one was written. */
export interface Difference {
  /** "orders[0].quantity"; empty where the values as a whole differ. */
  readonly path: string;
  /** Undefined where the field is absent. */
  readonly left: unknown;
  readonly right: unknown;
}

export function firstDifference(left: unknown, right: unknown, path = ""): Difference | undefined {
  if (Object.is(left, right)) return undefined;
  if (!isObject(left) || !isObject(right) || Array.isArray(left) !== Array.isArray(right)) return { path, left, right };
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  for (const key of keys) {
    const found = firstDifference(left[key], right[key], Array.isArray(left) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`);
    if (found) return found;
  }
  // The same fields in another order are other bytes.
  return JSON.stringify(left) === JSON.stringify(right) ? undefined : { path, left: Object.keys(left), right: Object.keys(right) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
