import type { dataset, defs, torrent } from '@holdfast/lexicons'

/** The type of records in views, which is `unknown` there; indexed records are valid by their lexicon. */
export type DatasetRecord = dataset.Main
export type TorrentRecord = torrent.Main

/** The record of a dataset; for a foreign record, the one that it is mapped to. */
export function datasetRecord(dataset: defs.DatasetView): DatasetRecord {
  return (dataset.mapped ?? dataset.record) as DatasetRecord
}

/** The collection of a foreign record, which the page names; undefined for our own. */
export function foreignCollection(dataset: defs.DatasetView): string | undefined {
  return dataset.mapped === undefined ? undefined : dataset.uri.split('/')[3]
}

/** The shortest name of a license that its author gave. */
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
