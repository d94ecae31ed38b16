import type { defs } from '@holdfast/lexicons'

/** A BCP 47 tag out of `en`, `en_US`, the URI of a language, or a thing with either; undefined for a language in words. */
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
