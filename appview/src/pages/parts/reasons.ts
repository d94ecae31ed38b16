import { wordFor } from '../i18n/word-for.ts'
import type { View } from '../view.ts'

/** Why a record is refused or hidden, in the reader's words; the code itself where there are none. */
export function reasonInWords({ t }: View, code: string): string {
  return wordFor({ ...t.hiddenReasons, ...t.rejectReasons }, code)
}

/** What was passed over in a record that stands. */
export function warningInWords({ t }: View, { code, message }: { code: string; message?: string }): string {
  return Object.hasOwn(t.warnings, code) ? wordFor(t.warnings, code) : (message ?? code)
}
