import { randomBytes } from 'node:crypto'
import { collections, methods } from '@holdfast/lexicons/nsid'
import { type Encodable, encode } from '@holdfast/torrent/bencode-tree'
import type { Frame } from '../../network/relay/frames.ts'
import { waitFor } from '../../network/wait-for.ts'
import type { Attack } from '../attack.ts'
import type { AttackedIndex, Victim } from '../attacked-index.ts'
import { infoHashesOf } from './info-hashes.ts'

const createdAt = '2026-11-20T00:00:00.000Z'

/** A `.torrent` of 0.6 MB with 3.8 GB of paths: ten thousand files below a folder with a very long name. */
export const pathsThatMultiply: Attack = async (index) => {
  const files: Record<string, Encodable> = {}
  for (let n = 0; n < 9_990; n++) files[`f${n}`] = { '': { length: 0 } }
  let tree: Encodable = files
  for (let depth = 0; depth < 1_500; depth++) tree = { ['x'.repeat(250)]: tree }
  return publish(
    index,
    encode({ info: { 'file tree': tree, 'meta version': 2, name: 'wide', 'piece length': 16_384 } }),
  )
}

/** Nesting as deep as bencode allows in this many bytes. */
export const nestedWithoutEnd: Attack = async (index) => {
  const depth = 400_000
  const bytes = Buffer.concat([
    Buffer.from('d4:info'),
    Buffer.alloc(depth, 'l'),
    Buffer.alloc(depth, 'e'),
    Buffer.from('e'),
  ])
  return publish(index, bytes, { hashes: { infoHashV1: randomBytes(20).toString('hex') } })
}

/** A million empty files in 12 MB. */
export const filesWithoutNumber: Attack = async (index) => {
  const files = Array.from({ length: 400_000 }, (_, n) => ({ length: 0, path: [n.toString(36)] }))
  return publish(
    index,
    encode({ info: { files, name: 'many', 'piece length': 16_384, pieces: new Uint8Array(0) } }),
  )
}

/** A `.torrent` of 28 MB with nothing wrong about it, which is fetched, checked and stored. */
export const largeTorrent: Attack = async (index) => {
  const { bytes, infoHashV1 } = largeMetainfo('stored')
  return publish(index, bytes, { hashes: { infoHashV1 }, becomes: 'indexed' })
}

/**
 * A hundred requests in parallel for a `.torrent` of 28 MB, half of which want it as it was published.
 */
export const largeTorrents: Attack = async (index) => {
  const { bytes, infoHashV1 } = largeMetainfo('served')
  const publishing = await publish(index, bytes, { hashes: { infoHashV1 }, becomes: 'indexed' })
  // What is measured here is serving it.
  await publishing()
  const path = `/torrent/${infoHashV1}.torrent`
  return async () => {
    const paths = Array.from({ length: 100 }, (_, n) => (n % 2 ? `${path}?original` : path))
    const statuses = await Promise.all(
      paths.map(async (asked) => {
        const response = await index.ask(asked, '203.0.113.66')
        await response.body?.cancel()
        // On a busy machine the store may not have a turn for all of them in time, and says so.
        if (![200, 503].includes(response.status)) throw new Error(`${asked} answered ${response.status}`)
        return response.status
      }),
    )
    if (!statuses.includes(200)) throw new Error('not one request for the .torrent was answered with it')
  }
}

function largeMetainfo(name: string) {
  const files = Array.from({ length: 250_000 }, (_, n) => ({
    length: n === 0 ? 1 : 0,
    path: [`${n}`.padEnd(90, 'x')],
  }))
  const bytes = encode({ info: { files, name, 'piece length': 16_384, pieces: new Uint8Array(20) } })
  return { bytes, ...infoHashesOf(bytes) }
}

/** Three hundred records, each of which makes the index fetch from an uninvolved host. */
export const addressesOfAVictim: Attack = (index) => namingAVictim(index, { letIn: false })

/** The same attack by accounts that are allowed, because the operator was deceived or the accounts were sold. */
export const addressesOfAVictimLetIn: Attack = (index) => namingAVictim(index, { letIn: true })

async function namingAVictim(index: AttackedIndex, options: { letIn: boolean }): ReturnType<Attack> {
  const { victim } = index
  const frames: Frame[] = []
  const strangers = [await index.stranger(), await index.stranger(), await index.stranger()]
  for (const [account, stranger] of strangers.entries()) {
    const writes = Array.from({ length: 100 }, (_, n) => naming(victim, `${account}-${n}`))
    for (let start = 0; start < writes.length; start += 20)
      frames.push(await stranger.write(writes.slice(start, start + 20).flat()))
  }
  return async () => {
    for (const frame of frames) index.attacker.emit(frame)
    if (options.letIn) for (const stranger of strangers) await index.admit(stranger)
  }
}

/** A torrent and a dataset that name the victim in every field for an address, under many host names. */
function naming(victim: Victim, name: string) {
  const sha256 = randomBytes(32).toString('hex')
  const at = `http://w${name}.localhost:${victim.port}/`
  return [
    create('torrent', `t${name}`, {
      infoHashV1: randomBytes(20).toString('hex'),
      name: `asks ${name}`,
      sizeBytes: 1_000,
      metainfoUrls: Array.from({ length: 8 }, (_, m) => ({ url: `${at}${m}`, sha256, sizeBytes: 1_000 })),
      webseeds: Array.from({ length: 8 }, (_, m) => ({ url: `${at}${m}`, kind: 'bep19' })),
      trackers: [{ url: `${at}announce`, tier: 0 }],
    }),
    create('dataset', `d${name}`, {
      title: `Asks ${name}`,
      sources: Array.from({ length: 20 }, (_, m) => ({ url: `${at}source/${m}`, kind: 'http' })),
    }),
  ]
}

async function publish(
  index: AttackedIndex,
  bytes: Uint8Array,
  { hashes, becomes = 'rejected' }: { hashes?: object; becomes?: 'rejected' | 'indexed' } = {},
): Promise<() => Promise<void>> {
  const stranger = await index.stranger()
  const metainfo = await stranger.addBlob(bytes, 'application/x-bittorrent')
  const record = { ...(hashes ?? infoHashesOf(bytes)), name: 'bomb', sizeBytes: 1, metainfo }
  const frame = await stranger.write([create('torrent', 'bomb', record)])
  return async () => {
    index.attacker.emit(frame)
    await index.admit(stranger)
    const { requests } = index.attacker
    await waitFor(
      () =>
        requests.some(({ method, params }) => /getBlob$/.test(method) && params.get('did') === stranger.did),
      { what: 'the index to fetch the .torrent', timeoutMs: 30_000 },
    )
    // The index repeats checks that fail; the repetitions must not stop it either.
    const uri = `at://${stranger.did}/${collections.torrent}/bomb`
    await waitFor(async () => (await statusOf(index, uri)) === becomes, {
      what: `the torrent to be ${becomes}`,
      timeoutMs: 50_000,
    })
  }
}

async function statusOf(index: AttackedIndex, uri: string): Promise<string> {
  const response = await index.ask(`/xrpc/${methods.getRecordStatus}?uri=${encodeURIComponent(uri)}`)
  return ((await response.json()) as { status: string }).status
}

const create = (collection: 'dataset' | 'torrent', rkey: string, record: object) =>
  ({
    action: 'create',
    collection: collections[collection],
    rkey,
    record: { $type: collections[collection], createdAt, ...record },
  }) as never
