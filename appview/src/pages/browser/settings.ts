/** What the server tells the page, as data: where identities are looked up, and the words to use. */
export interface Settings {
  readonly plcUrl: string
  /** Development only: PDSes without encryption. */
  readonly allowHttp: boolean
  readonly siteName: string
  /** Collections by short name, in the spelling to write. */
  readonly collections: Readonly<Record<'dataset' | 'torrent' | 'webseed' | 'assessment' | 'profile', string>>
  /** Media types of what is uploaded. */
  readonly blobs: readonly string[]
  readonly statusMethod: string
  /** Announce URLs of this index. */
  readonly trackers: readonly string[]
  readonly texts: Texts
}

export type Texts = Readonly<Record<string, string>>

export function readSettings(): Settings {
  return JSON.parse(document.getElementById('settings')!.textContent!) as Settings
}

/** A text with its `{}` filled in. */
export function say(texts: Texts, name: string, value = ''): string {
  return (texts[name] ?? name).replace('{}', value)
}
