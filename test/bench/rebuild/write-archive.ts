import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Secp256k1Keypair } from '@atproto/crypto'
import { cidForRawBytes } from '@atproto/lex-data'
import { getFullRepo, MemoryBlockstore, type RecordCreateOp, Repo, WriteOpAction } from '@atproto/repo'
import { collections } from '@holdfast/lexicons/nsid'
import type { TestPlc } from '../../network/plc.ts'

const sampleCreatedAt = '2026-11-20T00:00:00.000Z'
const sampleDescription =
  'Measurements of one station, taken every hour and checked by hand once a year. '.repeat(5)

/**
 * Writes an archive of repositories made by the reference library, half of each datasets and half torrents with
 * their metainfo in `blobs/`, and registers their accounts in the directory.
 */
export async function writeArchive(
  directory: string,
  options: { plc: TestPlc; repos: number; recordsEach: number; log: (line: string) => void },
): Promise<void> {
  const { plc, repos, recordsEach, log } = options
  await mkdir(join(directory, 'blobs'), { recursive: true })
  const rotationKey = await Secp256k1Keypair.create()
  for (let n = 0; n < repos; n++) {
    const key = await Secp256k1Keypair.create()
    const did = await plc.client.createDid({
      signingKey: key.did(),
      rotationKeys: [rotationKey.did()],
      handle: `station-${n}.test`,
      pds: 'http://localhost:9',
      signer: rotationKey,
    })
    const storage = new MemoryBlockstore()
    const writes: RecordCreateOp[] = []
    for (let r = 0; r < recordsEach / 2; r++)
      writes.push(datasetOf(n, r), await torrentOf({ directory, did, n, r }))
    const repo = await Repo.create(storage, did, key, writes)
    const path = join(directory, `${did.replaceAll(':', '_')}.car`)
    await pipeline(getFullRepo(storage, repo.cid), createWriteStream(path))
    if ((n + 1) % 200 === 0) log(`${n + 1} repositories written`)
  }
}

function datasetOf(n: number, r: number): RecordCreateOp {
  return createOp(collections.dataset, `station-${r}`, {
    title: `Hourly observations, station ${n}-${r}`,
    description: sampleDescription,
    keywords: [{ name: 'weather' }, { name: `region-${n % 50}` }],
    publisher: { name: `Bureau ${n % 20}` },
    license: { spdx: 'CC0-1.0' },
  })
}

interface Torrent {
  directory: string
  did: string
  n: number
  r: number
}

async function torrentOf({ directory, did, n, r }: Torrent): Promise<RecordCreateOp> {
  const name = `station-${n}-${r}.csv`
  const info = Buffer.concat([
    Buffer.from(`d6:lengthi16384e4:name${name.length}:${name}12:piece lengthi16384e6:pieces20:`),
    randomBytes(20),
    Buffer.from('e'),
  ])
  const metainfo = Buffer.concat([Buffer.from('d4:info'), info, Buffer.from('e')])
  const ref = await cidForRawBytes(metainfo)
  await writeFile(join(directory, 'blobs', ref.toString()), metainfo)
  const infoHashV1 = createHash('sha1').update(info).digest('hex')
  return createOp(collections.torrent, infoHashV1, {
    name,
    infoHashV1,
    sizeBytes: 16_384,
    pieceLengthBytes: 16_384,
    fileCount: 1,
    datasets: [{ uri: `at://${did}/${collections.dataset}/station-${r}` }],
    metainfo: { $type: 'blob', ref, mimeType: 'application/x-bittorrent', size: metainfo.length },
  })
}

function createOp(collection: string, rkey: string, record: object): RecordCreateOp {
  return {
    action: WriteOpAction.Create,
    collection,
    rkey,
    record: { $type: collection, ...record, createdAt: sampleCreatedAt },
  } as RecordCreateOp
}
