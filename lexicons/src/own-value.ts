/**
 * The value of a table under a key that somebody else wrote; undefined for a key that the table does not list. Read directly, a
 * table has what every object inherits: functions under `constructor` and `toString`, an object under `__proto__`.
 */
export function ownValue<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
