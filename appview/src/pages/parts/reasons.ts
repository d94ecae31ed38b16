import { wordFor } from '../i18n/word-for.ts'
import type { View } from '../view.ts'

/** Why a record is refused or hidden, in words; the code itself if it has no words. */
export function reasonInWords({ t }: View, code: string): string {
  return wordFor({ ...t.hiddenReasons, ...t.rejectReasons }, code)
}

/** A warning about a record that is listed, in words. */
export function warningInWords({ t }: View, { code, message }: { code: string; message?: string }): string {
  return Object.hasOwn(t.warnings, code) ? wordFor(t.warnings, code) : (message ?? code)
}
