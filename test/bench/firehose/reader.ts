/** A process that reads a replayed stream to its end in one of three ways, and then disconnects. Started by `firehose.ts`. */
import { IdResolver, MemoryCache } from '@atproto/identity'
import { Firehose } from '@atproto/sync'
import { verifyAndPlanCommit } from '@holdfast/appview/ingest/events/verify-and-plan'
import { createDidPrefixFilter } from '@holdfast/appview/ingest/frame/did-prefix-filter'
import { createDidResolver } from '@holdfast/appview/ingest/identity/did-resolver'
import { subscribeRepos } from '@holdfast/appview/ingest/source/subscribe-repos'
import { createWanted } from '@holdfast/appview/ingest/wanted'
import { createGuardedFetch } from '@holdfast/appview/outbound/guarded-fetch'
import { defaultAuthorities } from '@holdfast/lexicons/authority'
import { WebSocket } from 'ws'
import { firstSeq } from './first-seq.ts'

const [way, url = '', plcUrl = '', countText] = process.argv.slice(2)
const count = Number(countText)
const lastSeq = firstSeq + count - 1
const wanted = createWanted(defaultAuthorities)

const read = { ours: readOurs, reference: readReference, bare: readBare }[
  way as 'ours' | 'reference' | 'bare'
]
const started = performance.now()
const before = process.cpuUsage()
const answer = await read()
const seconds = (performance.now() - started) / 1_000
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ ...answer, seconds, cpuSeconds: (user + system) / 1e6 }))
process.exit(0)

/** Our reader, which verifies every Holdfast commit: signature, proofs, inversion. */
async function readOurs(): Promise<{ frames: number; verified: number }> {
  const stop = new AbortController()
  const guardedFetch = createGuardedFetch({ allowPrivateHosts: true })
  const resolver = createDidResolver({ plcUrl, guardedFetch, allowPrivateHosts: true })
  const filter = { wantsPath: wanted.wantsPath, tracks: () => false, prefixes: createDidPrefixFilter() }
  const source = subscribeRepos({
    url,
    filter,
    authorityPrefixes: wanted.authorityPrefixes,
    expect: () => () => {},
  })
  const judging = { resolver, wantsPath: wanted.wantsPath }
  const under: Promise<unknown>[] = []
  let verified = 0
  for await (const item of source.read(0, stop.signal)) {
    if (item.kind !== 'event' || item.frame.kind !== 'commit') continue
    const event = {
      frame: item.frame,
      origin: { host: source.host, kind: 'relay' as const },
      stored: undefined,
    }
    under.push(verifyAndPlanCommit(event, judging).then((verdict) => verdict.kind === 'apply' && verified++))
    if (item.frame.seq >= lastSeq) break
  }
  await Promise.all(under)
  return { frames: source.state.frames, verified }
}

/** The reference reader, used as in its documentation, filtered to our collections. */
function readReference(): Promise<{ frames: number; verified: number }> {
  const idResolver = new IdResolver({ plcUrl, didCache: new MemoryCache(), fetch: globalThis.fetch })
  let verified = 0
  return new Promise((resolve) => {
    const firehose = new Firehose({
      service: url,
      idResolver,
      filterCollections: [...wanted.nsids],
      excludeIdentity: true,
      excludeAccount: true,
      excludeSync: true,
      onError: (error) => console.error(error),
      getCursor: () => 0,
      handleEvent: async (event) => {
        verified++
        if (event.seq >= lastSeq) resolve({ frames: count, verified })
      },
    })
    void firehose.start()
  })
}

/** The upper limit: a WebSocket client that discards every frame. */
function readBare(): Promise<{ frames: number; verified: number }> {
  let frames = 0
  return new Promise((resolve) => {
    const options = { perMessageDeflate: false, skipUTF8Validation: true }
    const socket = new WebSocket(`${url}/xrpc/com.atproto.sync.subscribeRepos`, options)
    socket.on('message', () => {
      if (++frames >= count) resolve({ frames, verified: 0 })
    })
  })
}
