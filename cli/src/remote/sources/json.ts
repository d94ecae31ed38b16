import type { Web } from '../web.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** The JSON at an address; undefined if there is none. */
export async function getJson(web: Web, url: string): Promise<JsonObject | undefined> {
  const { status, text } = await web.get(url, 'application/json')
  if (status !== 200) return undefined
  try {
    return objectOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

export function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}

export function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(objectOf) : []
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A size in bytes; undefined for anything else. */
export function sizeOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** An http(s) address; undefined for anything else. */
export function addressOf(value: unknown): string | undefined {
  const url = typeof value === 'string' ? URL.parse(value) : null
  return url && /^https?:$/.test(url.protocol) ? url.href : undefined
}
