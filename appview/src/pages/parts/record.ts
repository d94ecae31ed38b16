import type { dataset, defs, torrent } from '@holdfast/lexicons'

/** Views carry records as `unknown`; what is indexed has passed its lexicon. */
export type DatasetRecord = dataset.Main
export type TorrentRecord = torrent.Main

/** What a dataset's record says; of a foreign one, what it is mapped to. */
export function datasetRecord(dataset: defs.DatasetView): DatasetRecord {
  return (dataset.mapped ?? dataset.record) as DatasetRecord
}

/** The collection of a foreign record, to be named beside it; undefined for ours. */
export function foreignCollection(dataset: defs.DatasetView): string | undefined {
  return dataset.mapped === undefined ? undefined : dataset.uri.split('/')[3]
}

/** A licence in as few words as its author gave. */
export function licenseName(license: defs.License | undefined): string | undefined {
  if (!license) return undefined
  if (license.spdx) return license.spdx
  const text = license.text?.trim()
  if (text && text.length <= 80) return text
  if (license.url && URL.canParse(license.url)) {
    const { host, pathname } = new URL(license.url)
    return host + pathname.slice(0, 60)
  }
  return text?.slice(0, 79).concat('…')
}
