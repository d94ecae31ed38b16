/**
 * Where each page is, for the pages themselves and for what points at them; graphs name a dataset by it, letter by letter.
 * Everything a stranger wrote is one escaped segment.
 */
import { describesDatasets } from '@holdfast/lexicons/foreign'
import { collections } from '@holdfast/lexicons/nsid'

/** `/dataset/DID/RKEY`, with the collection between where it is not this copy's own. */
export function datasetPath(uri: string): string {
  const [did = '', collection = '', rkey = ''] = uri.slice('at://'.length).split('/')
  const between = collection === collections.dataset ? '' : `/${segment(collection)}`
  return `/dataset/${segment(did)}${between}/${segment(rkey)}`
}

/** The AT-URI that a dataset's page stands for, with whatever names its account. */
export function datasetUri(
  authority: string,
  rkey: string,
  collection: string = collections.dataset,
): string {
  return `at://${authority}/${collection}/${rkey}`
}

/** Content is its infohash: every record that names it is on one page. */
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

/** The page of any record of ours, or where its status is told. */
export function recordPath(uri: string): string {
  return describesDatasets(uri.split('/')[3] ?? '')
    ? datasetPath(uri)
    : `/record?${new URLSearchParams({ uri })}`
}

// A colon may stand in a path segment (RFC 3986 §3.3), and a DID reads better with it.
function segment(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%3A', ':')
}
