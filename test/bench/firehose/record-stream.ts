import { decodeAll, encode, type LexValue } from '@atproto/lex-cbor'
import type { LexMap } from '@atproto/lex-data'
import { collections } from '@holdfast/lexicons/nsid'
import { WebSocket } from 'ws'
import type { TestAccount } from '../../network/accounts.ts'
import type { Network } from '../../network/network.ts'
import { waitFor } from '../../network/wait-for.ts'
import { median } from '../../system/median.ts'
import { firstSeq } from './first-seq.ts'

/** Frames that real PDSes sent, renumbered so that `seq` takes four bytes, which a replay can count up. */
export interface RecordedStream {
  readonly frames: readonly Uint8Array[]
  readonly medianFrameBytes: number
  readonly ours: number
}

const oursEvery = 200
const note = { $type: 'com.example.note', text: 'x'.repeat(900) }

/**
 * Makes the accounts write, and records what their PDSes send: half a percent of it are Holdfast records, and account
 * events are mixed in.
 */
export async function recordStream(
  network: Network,
  options: { commits: number; log: (line: string) => void },
): Promise<RecordedStream> {
  const received: Uint8Array[] = []
  const sockets = network.pdsUrls.map((url) => {
    const socket = new WebSocket(
      `${url.replace(/^http/, 'ws')}/xrpc/com.atproto.sync.subscribeRepos?cursor=0`,
    )
    socket.on('message', (data: Buffer) => received.push(Uint8Array.from(data)))
    return socket
  })
  // Records are written first, so that the trees have the depth of older accounts.
  await Promise.all(network.accounts.map((account) => fill(account, 100)))
  const before = received.length
  const perAccount = Math.ceil(options.commits / network.accounts.length)
  let written = 0
  await Promise.all(
    network.accounts.map(async (account, index) => {
      for (let n = 0; n < perAccount; n++) {
        const ours = ++written % oursEvery === 0
        await insist(() => write(account, n, ours))
        if (n % 100 === 50) await insist(() => ripple(account, index, n))
      }
    }),
  )
  await waitFor(() => received.length >= before + written, { what: 'the frames', timeoutMs: 60_000 })
  for (const socket of sockets) socket.terminate()
  options.log(
    `recorded ${received.length} frames from ${network.pdsUrls.length} PDSes, ${network.accounts.length} repos`,
  )
  return prepare(received)
}

/** Repeats a request that failed because the PDS closed an idle connection just as it was reused. */
async function insist(request: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await request()
    } catch (error) {
      if (tries === 5) throw error
    }
  }
}

async function fill({ agent, did }: TestAccount, count: number): Promise<void> {
  const writes = Array.from({ length: count }, (_, n) => ({
    $type: 'com.atproto.repo.applyWrites#create' as const,
    collection: note.$type,
    rkey: `fill-${n}`,
    value: { ...note, text: `${n}` },
  }))
  await agent.com.atproto.repo.applyWrites({ repo: did, writes, validate: false })
}

async function write({ agent, did }: TestAccount, n: number, ours: boolean): Promise<void> {
  const collection = ours ? collections.dataset : note.$type
  const record = ours
    ? {
        $type: collection,
        title: `Dataset ${n}`,
        description: note.text,
        createdAt: '2026-11-20T00:00:00.000Z',
      }
    : { ...note, n }
  await agent.com.atproto.repo.createRecord({ repo: did, collection, record, validate: false })
}

/** Emits `#identity`, `#account` and `#sync` events, as they occur now and then. */
async function ripple({ agent }: TestAccount, index: number, n: number): Promise<void> {
  if (index % 2)
    return void (await agent.com.atproto.identity.updateHandle({ handle: `name-${index}-${n}.test` }))
  await agent.com.atproto.server.deactivateAccount({})
  await agent.com.atproto.server.activateAccount()
}

function prepare(received: readonly Uint8Array[]): RecordedStream {
  let ours = 0
  const frames = received.map((bytes, index) => {
    const [header, body] = [...decodeAll(bytes)] as [LexValue, LexMap]
    if (isOurs(body)) ours++
    return new Uint8Array(Buffer.concat([encode(header), encode({ ...body, seq: firstSeq + index })]))
  })
  // A final event of ours tells a reader that it has seen everything.
  const last = frames.findLastIndex((bytes) => isOurs([...decodeAll(bytes)][1] as LexMap))
  frames.push(...frames.splice(last, 1))
  return { frames, medianFrameBytes: median(frames.map((bytes) => bytes.length)), ours }
}

function isOurs(body: LexMap): boolean {
  const ops = Array.isArray(body.ops) ? (body.ops as LexMap[]) : []
  return ops.some(({ path }) => String(path).startsWith(`${collections.dataset}/`))
}
