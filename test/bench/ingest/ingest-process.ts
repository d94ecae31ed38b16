/** A process that reads a replayed stream of our commits into the store, or only verifies it. Started by `ingest.ts`. */
import { verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { IdResolver, MemoryCache } from '@atproto/identity'
import { Firehose } from '@atproto/sync'
import { readCursors } from '@holdfast/appview/catalog/cursors'
import { decodeFrame } from '@holdfast/appview/ingest/frame/frame'
import { createDidResolver } from '@holdfast/appview/ingest/identity/did-resolver'
import { startIngest } from '@holdfast/appview/ingest/start-ingest'
import { readCarSlice } from '@holdfast/appview/ingest/verify/car-slice'
import { readCommitBlock } from '@holdfast/appview/ingest/verify/commit-block'
import { toPublicKey } from '@holdfast/appview/ingest/verify/signature-batches'
import { createWanted } from '@holdfast/appview/ingest/wanted'
import { createGuardedFetch } from '@holdfast/appview/outbound/guarded-fetch'
import { type Catalog, openCatalog } from '@holdfast/appview/store/open'
import { defaultAuthorities } from '@holdfast/lexicons/authority'
import { pino } from 'pino'
import { waitFor } from '../../network/wait-for.ts'
import { firstSeq } from '../firehose/first-seq.ts'

const [way, url = '', plcUrl = '', countText, databaseUrl = '', path = ''] = process.argv.slice(2)
const count = Number(countText)
const lastSeq = firstSeq + count - 1
const wanted = createWanted(defaultAuthorities)
const guardedFetch = createGuardedFetch({ allowPrivateHosts: true })

const seconds = await { introduce, ours: storeAll, reference: readReference, limit: verifyOnly }[
  way as 'introduce' | 'ours' | 'reference' | 'limit'
]()
console.log(JSON.stringify({ seconds }))
process.exit(0)

/**
 * Introduces the accounts to a store, and then exits as if killed. Events of an account wait until its PDS has
 * confirmed that the account exists; that wait must not be measured.
 */
async function introduce(): Promise<never> {
  const catalog = await openCatalog({ databaseUrl })
  await storeStream(catalog)
  process.exit(0)
}

/** Does everything: reads, verifies, validates against the lexicon, indexes, and makes durable. */
async function storeAll(): Promise<number> {
  await using catalog = await openCatalog({ databaseUrl })
  const started = performance.now()
  await using ingest = await storeStream(catalog)
  const took = (performance.now() - started) / 1_000
  const { rejects, repos } = await ingest.status()
  if (rejects.length > 0 || ingest.metrics.resyncs.asked > 0)
    throw new Error(JSON.stringify({ rejects, repos }))
  return took
}

/** Resolves when the last commit is durable. */
async function storeStream(catalog: Catalog) {
  const ingest = startIngest({
    db: catalog.db,
    config: {
      sources: [{ kind: 'firehose', url }],
      authorities: defaultAuthorities,
      plcUrl,
      allowPrivateHosts: true,
      databaseUrl,
      backfill: [],
    },
    guardedFetch,
    log: pino({ level: 'warn' }),
  })
  const { host } = new URL(url)
  await waitFor(async () => (await readCursors(catalog.db)).get(host)?.seq === lastSeq, {
    what: 'the last commit to be durable',
    timeoutMs: 600_000,
  })
  return ingest
}

/** The reference reader, which verifies every commit, with a handler that does nothing. */
function readReference(): Promise<number> {
  const idResolver = new IdResolver({ plcUrl, didCache: new MemoryCache(), fetch: globalThis.fetch })
  const started = performance.now()
  return new Promise((resolve) => {
    const firehose = new Firehose({
      service: url,
      idResolver,
      filterCollections: [...wanted.nsids],
      onError: (error) => console.error(error),
      getCursor: () => 0,
      handleEvent: async ({ seq }) => {
        if (seq >= lastSeq) resolve((performance.now() - started) / 1_000)
      },
    })
    void firehose.start()
  })
}

/** The upper limit on one core: only `node:crypto` on the same signatures. */
async function verifyOnly(): Promise<number> {
  const resolver = createDidResolver({ plcUrl, guardedFetch, allowPrivateHosts: true })
  const recording = readFileSync(path)
  const jobs: { data: Uint8Array; key: Parameters<typeof verify>[2]; signature: Uint8Array }[] = []
  for (let at = 0; at < recording.length; ) {
    const length = recording.readUInt32BE(at)
    const frame = decodeFrame(recording.subarray(at + 4, at + 4 + length), {
      wantsPath: () => true,
      tracks: () => true,
    })
    at += 4 + length
    if (frame.kind !== 'commit') continue
    const { root, blocks } = readCarSlice(frame.blocks)
    const { signedBytes, signature } = readCommitBlock(blocks.get(root)!)
    const resolution = await resolver.resolve(frame.did)
    if (resolution.status !== 'found') throw new Error(frame.did)
    const { curve, point } = resolution.identity.signingKey
    jobs.push({
      data: signedBytes,
      key: { key: toPublicKey(curve, point), dsaEncoding: 'ieee-p1363' },
      signature,
    })
  }
  const started = performance.now()
  if (!jobs.every(({ data, key, signature }) => verify('sha256', data, key, signature)))
    throw new Error('bad signature')
  return (performance.now() - started) / 1_000
}
