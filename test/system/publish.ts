import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { collections } from '@holdfast/lexicons/nsid'
import { type CreatedTorrent, createTorrent } from '@holdfast/torrent/create'
import type { TestAccount } from '../network/accounts.ts'

/** Writes a Holdfast record with its `$type` and `createdAt`; returns its AT-URI. */
export async function putRecord(
  account: TestAccount,
  put: { collection: keyof typeof collections; rkey: string; record: object },
): Promise<string> {
  const collection = collections[put.collection]
  const record = { $type: collection, createdAt: new Date().toISOString(), ...put.record }
  const { data } = await account.agent.com.atproto.repo.putRecord({
    repo: account.did,
    collection,
    rkey: put.rkey,
    record,
  })
  return data.uri
}

export interface PublishedTorrent {
  uri: string
  torrent: CreatedTorrent
}

/** Makes a torrent of random bytes, uploads it and writes its record. `claims` replaces fields of the record. */
export async function publishTorrent(
  account: TestAccount,
  options: { directory: string; sizeBytes?: number; claims?: object; datasets?: readonly { uri: string }[] },
): Promise<PublishedTorrent> {
  const path = join(options.directory, `${randomBytes(6).toString('hex')}.bin`)
  await writeFile(path, randomBytes(options.sizeBytes ?? 40_000))
  const torrent = await createTorrent([path], {})
  const encoding = 'application/x-bittorrent'
  const { data } = await account.agent.com.atproto.repo.uploadBlob(torrent.metainfo, { encoding })
  const { name, sizeBytes } = torrent
  const infoHashes = { infoHashV1: torrent.infoHashV1!, infoHashV2: torrent.infoHashV2! }
  const record = {
    name,
    sizeBytes,
    ...infoHashes,
    metainfo: data.blob,
    datasets: options.datasets,
    ...options.claims,
  }
  const uri = await putRecord(account, { collection: 'torrent', rkey: torrent.infoHashV2!, record })
  return { uri, torrent }
}
