/** A process that reads a replayed stream to its end in one of three ways, then hangs up. Started by `firehose.ts`. */
import { IdResolver, MemoryCache } from '@atproto/identity'
import { Firehose } from '@atproto/sync'
import { createGuardedFetch } from '@holdfast/appview/guarded-fetch'
import { createDidSieve } from '@holdfast/appview/ingest/frame/did-sieve'
import { createDidResolver } from '@holdfast/appview/ingest/identity/did-resolver'
import { judgeCommit } from '@holdfast/appview/ingest/pipeline/judge-commit'
import { subscribeRepos } from '@holdfast/appview/ingest/source/subscribe-repos'
import { createWanted } from '@holdfast/appview/ingest/wanted'
import { defaultAuthorities } from '@holdfast/lexicons/authority'
import { WebSocket } from 'ws'
import { FIRST_SEQ } from './first-seq.ts'

const [way, url = '', plcUrl = '', countText] = process.argv.slice(2)
const count = Number(countText)
const lastSeq = FIRST_SEQ + count - 1
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

/** Our reader, with every commit of ours verified: signature, proofs, inversion. */
async function readOurs(): Promise<{ frames: number; verified: number }> {
  const stop = new AbortController()
  const guardedFetch = createGuardedFetch({ allowPrivateHosts: true })
  const resolver = createDidResolver({ plcUrl, guardedFetch, allowPrivateHosts: true })
  const filter = { wantsPath: wanted.wantsPath, tracks: () => false, sieve: createDidSieve() }
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
      held: undefined,
    }
    under.push(judgeCommit(event, judging).then((verdict) => verdict.kind === 'apply' && verified++))
    if (item.frame.seq >= lastSeq) break
  }
  await Promise.all(under)
  return { frames: source.state.frames, verified }
}

/** The reference reader as its documentation has it, filtered to our collections. */
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

/** The limit: a WebSocket client that throws every frame away. */
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
