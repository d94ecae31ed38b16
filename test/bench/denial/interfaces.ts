import { encodeCursor } from '@holdfast/appview/store/page-cursor'
import { query } from '../../system/xrpc.ts'

export interface DeniedAccount {
  did: string
  /** The AT-URI of one of its datasets. */
  uri: string
  /** A word that occurs only in its titles. */
  word: string
  /** The highest id of content that other accounts have torrents of; the account's own content has higher ids. */
  lastOther: number
}

/** Requests every interface repeatedly until none shows the account; resolves to how long each still showed it, in milliseconds. */
export async function untilGone(
  url: string,
  account: DeniedAccount,
): Promise<{ afterMs: number; byInterface: Record<string, number> }> {
  const startedAt = performance.now()
  const byInterface: Record<string, number> = {}
  await Promise.all(
    Object.entries(interfaces(url, account)).map(async ([name, shows]) => {
      // An interface that refuses to answer does not say that the account is gone.
      while (await shows().catch((error) => isRefusal(error) || Promise.reject(error)));
      byInterface[`${name}Ms`] = performance.now() - startedAt
    }),
  )
  return { afterMs: Math.max(...Object.values(byInterface)), byInterface }
}

/** Makes sure that every interface shows the account, so that its absence later says something; also their first, slow answer. */
export async function showEverywhere(url: string, account: DeniedAccount): Promise<void> {
  for (const [name, shows] of Object.entries(interfaces(url, account)))
    if (!(await shows())) throw new Error(`${name} does not show the account before it is denied`)
}

/** Whether the server was too busy, or the search too large for the time that one may take. */
function isRefusal(error: unknown): boolean {
  const { status, error: name } = error as { status?: number; error?: string }
  return status === 503 || (status === 400 && name === 'InvalidQuery')
}

function interfaces(
  url: string,
  { did, uri, word, lastOther }: DeniedAccount,
): Record<string, () => Promise<boolean>> {
  const text = async (path: string) => {
    const response = await fetch(new URL(path, url))
    // The page of an account without visible records is a 404.
    if (response.status !== 503) return response.text()
    throw Object.assign(new Error(`${path} answered ${response.status}`), { status: response.status })
  }
  return {
    searchDatasets: async () =>
      (await query<{ datasets: unknown[] }>(url, 'searchDatasets', { q: word })).datasets.length > 0,
    getDataset: async () =>
      (await query(url, 'getDataset', { uri }).catch((error) => {
        if (isRefusal(error)) throw error
      })) !== undefined,
    listDatasets: async () =>
      (await query<{ datasets: unknown[] }>(url, 'listDatasets', { author: did })).datasets.length > 0,
    listInfoHashes: async () => {
      const cursor = encodeCursor('infoHashes', [lastOther])
      return (await query<{ infoHashes: unknown[] }>(url, 'listInfoHashes', { cursor })).infoHashes.length > 0
    },
    feeds: async () => (await text('/feeds/datasets.rss?limit=100')).includes(word),
    search: async () => (await text(`/search?q=${word}`)).includes(`${word} readings`),
    account: async () => (await text(`/account/${did}`)).includes(`${word} readings`),
  }
}
