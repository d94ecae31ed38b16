import { CommandError } from '../command-error.ts'
import type { RecordJson } from './repo.ts'

/** The record with a field set; `path` is like `risk.level` or `keywords.0.name`, and missing parents are created. */
export function setField(record: RecordJson, path: string, value: unknown): RecordJson {
  return change(record, pathOf(path), () => value) as RecordJson
}

/** The record without a field; an item of a list is removed from it. */
export function removeField(record: RecordJson, path: string): RecordJson {
  return change(record, pathOf(path), () => undefined) as RecordJson
}

function pathOf(path: string): string[] {
  const parts = path.trim().split('.')
  if (parts.some((part) => part === '' || part === '__proto__'))
    throw new CommandError(
      'usage',
      `${JSON.stringify(path)} does not name a field; write it like risk.level.`,
    )
  return parts
}

function change(value: unknown, [key, ...rest]: readonly string[], leaf: () => unknown): unknown {
  if (key === undefined) return leaf()
  if (Array.isArray(value) || (value === undefined && /^\d+$/.test(key))) {
    const list = [...((value as unknown[] | undefined) ?? [])]
    const index = Number(key)
    if (!Number.isInteger(index) || index > list.length)
      throw new CommandError('usage', `${key} is not an index in a list of ${list.length}.`)
    const item = change(list[index], rest, leaf)
    list.splice(index, 1, ...(item === undefined ? [] : [item]))
    return list
  }
  if (value !== undefined && (typeof value !== 'object' || value === null))
    throw new CommandError('usage', `${key} is not a field: its parent is ${JSON.stringify(value)}.`)
  const { [key]: inner, ...others } = (value ?? {}) as Record<string, unknown>
  const changed = change(inner, rest, leaf)
  return changed === undefined ? others : { ...others, [key]: changed }
}
