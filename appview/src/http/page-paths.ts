/**
 * The path of each page, for links to it. Linked data uses a dataset's path in its identifier, so it must never change.
 * Text from strangers is always escaped into one segment.
 */
import { datasetPath, pathSegment as segment } from '@holdfast/lexicons/dataset-path'
import { describesDatasets } from '@holdfast/lexicons/foreign'
import { collections } from '@holdfast/lexicons/nsid'

export { datasetPath } from '@holdfast/lexicons/dataset-path'

/** The AT-URI of the dataset that a page's path names; its authority is a DID or a handle, as in the path. */
export function datasetUri(
  authority: string,
  rkey: string,
  collection: string = collections.dataset,
): string {
  return `at://${authority}/${collection}/${rkey}`
}

/** The page of a torrent's content: all records that name one infohash share it. */
export function torrentPath(torrent: {
  infoHashV1?: string | undefined
  infoHashV2?: string | undefined
}): string {
  return `/torrent/${torrent.infoHashV2 ?? torrent.infoHashV1 ?? ''}`
}

export function accountPath(account: { did: string; handle?: string | undefined }): string {
  return `/account/${segment(account.handle ?? account.did)}`
}

export function keywordPath(name: string): string {
  return `/keyword/${segment(name)}`
}

export function publisherPath(name: string): string {
  return `/publisher/${segment(name)}`
}

export function searchPath(search: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    for (const item of typeof value === 'string' ? [value] : (value ?? []))
      if (item !== '') query.append(name, item)
  }
  return query.size === 0 ? '/search' : `/search?${query}`
}

/** The page of a record of any kind, or its status page when it has none. */
export function recordPath(uri: string): string {
  return describesDatasets(uri.split('/')[3] ?? '')
    ? datasetPath(uri)
    : `/record?${new URLSearchParams({ uri })}`
}
