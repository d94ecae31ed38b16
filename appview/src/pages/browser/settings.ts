/** The settings that the server puts into the page as JSON: where to resolve identities, and the texts to show. */
export interface Settings {
  readonly plcUrl: string
  /** For development: allows PDSes without encryption. */
  readonly allowHttp: boolean
  readonly siteName: string
  /** The NSIDs under which to write, by short name. */
  readonly collections: Readonly<Record<'dataset' | 'torrent' | 'webseed' | 'assessment' | 'profile', string>>
  /** The media types of blobs that are uploaded. */
  readonly blobs: readonly string[]
  readonly statusMethod: string
  /** The announce URLs of this index. */
  readonly trackers: readonly string[]
  readonly texts: Texts
}

export type Texts = Readonly<Record<string, string>>

export function readSettings(): Settings {
  return JSON.parse(document.getElementById('settings')!.textContent!) as Settings
}

/** A text with its `{}` replaced by `value`. */
export function say(texts: Texts, name: string, value = ''): string {
  return (texts[name] ?? name).replace('{}', value)
}
