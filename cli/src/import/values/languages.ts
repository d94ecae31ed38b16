import type { defs } from '@holdfast/lexicons'

/**
 * Reads a BCP 47 tag from `en`, `en_US`, the URI of a language, or an object with either; undefined for the name of a
 * language.
 */
export function toLanguage(value: unknown): defs.Language | undefined {
  const { id, label } = (value ?? {}) as { id?: unknown; label?: unknown }
  const tag = String(id ?? label ?? value)
    .trim()
    .replace(/^https?:\/\/.*\/([a-z]{2,3})\/?$/i, '$1')
    .replaceAll('_', '-')
  try {
    const [canonical] = Intl.getCanonicalLocales(tag)
    return canonical === undefined ? undefined : { tag: canonical as defs.Language['tag'] }
  } catch {
    return undefined
  }
}
