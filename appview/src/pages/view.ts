import type { Format, Language } from './i18n/format.ts'
import type { Messages } from './i18n/language.ts'

/** What templates need of a request: its language, and where it came in. */
export interface View {
  readonly language: Language
  readonly t: Messages
  readonly format: Format
  /** A path of this site, in the language that the reader chose by hand. */
  href(path: string): string
  /** The path and query asked for. */
  readonly here: string
  /** Where this site is for others, without a trailing slash. */
  readonly publicUrl: string
  readonly siteName: string
}
