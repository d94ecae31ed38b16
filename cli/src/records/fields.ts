import { Failure } from '../failure.ts'
import type { RecordJson } from './repo.ts'

/** The record with a field set; `path` is like `risk.level` or `keywords.0.name`, missing parts are made. */
export function setField(record: RecordJson, path: string, value: unknown): RecordJson {
  return change(record, pathOf(path), () => value) as RecordJson
}

/** The record without a field; of a list, the item is taken out. */
export function removeField(record: RecordJson, path: string): RecordJson {
  return change(record, pathOf(path), () => undefined) as RecordJson
}

function pathOf(path: string): string[] {
  const parts = path.trim().split('.')
  if (parts.some((part) => part === '' || part === '__proto__'))
    throw new Failure('usage', `${JSON.stringify(path)} names no field; write it like risk.level.`)
  return parts
}

function change(value: unknown, [key, ...rest]: readonly string[], leaf: () => unknown): unknown {
  if (key === undefined) return leaf()
  if (Array.isArray(value) || (value === undefined && /^\d+$/.test(key))) {
    const list = [...((value as unknown[] | undefined) ?? [])]
    const index = Number(key)
    if (!Number.isInteger(index) || index > list.length)
      throw new Failure('usage', `${key} is no place in a list of ${list.length}.`)
    const item = change(list[index], rest, leaf)
    list.splice(index, 1, ...(item === undefined ? [] : [item]))
    return list
  }
  if (value !== undefined && (typeof value !== 'object' || value === null))
    throw new Failure('usage', `${key} is no field: what holds it is ${JSON.stringify(value)}.`)
  const { [key]: inner, ...others } = (value ?? {}) as Record<string, unknown>
  const changed = change(inner, rest, leaf)
  return changed === undefined ? others : { ...others, [key]: changed }
}
