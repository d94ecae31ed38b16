import type { Html } from './html.ts'
import type { Format, Language } from './i18n/format.ts'
import type { Messages } from './i18n/language.ts'

/** What templates need to know about a request: its language and its URLs. */
export interface View {
  readonly language: Language
  readonly t: Messages
  readonly format: Format
  /** A path of this site, in the language that the reader chose by hand. */
  href(path: string): string
  /** Renders a stranger's Markdown; what comes after `after` characters is folded under `summary`. */
  prose(text: string, fold?: { after: number; summary: string }): Html
  /** The path and query of the request. */
  readonly here: string
  /** The public URL of this site, without a trailing slash. */
  readonly publicUrl: string
  readonly siteName: string
}
