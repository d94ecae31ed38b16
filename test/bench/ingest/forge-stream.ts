import { collections } from '@holdfast/lexicons/nsid'
import type { TestPlc } from '../../network/plc.ts'
import { encodeFrame, type Frame } from '../../network/relay/frames.ts'
import { SignedRepo, type Write } from '../../network/signed-repo.ts'
import { FIRST_SEQ } from '../firehose/first-seq.ts'

const DESCRIPTION = 'Measurements of one station, taken every hour and checked by hand once a year. '.repeat(
  5,
)

/** Commits of ours only, each signed, of several repositories in turn, as one stream. */
export async function forgeStream(
  plc: TestPlc,
  options: { repos: number; commits: number; log: (line: string) => void },
): Promise<Uint8Array[]> {
  const repos = await Promise.all(
    Array.from({ length: options.repos }, (_, n) =>
      SignedRepo.create({ plc, pdsUrl: 'http://localhost:9', handle: `station-${n}.test` }),
    ),
  )
  const frames: Uint8Array[] = []
  while (frames.length < options.commits) {
    const repo = repos[frames.length % repos.length]!
    const frame = await repo.write([nextWrite(repo, frames.length)])
    frames.push(encodeFrame(withSeq(frame, FIRST_SEQ + frames.length)))
    if (frames.length % 1_000 === 0) options.log(`${frames.length} commits signed`)
  }
  return frames
}

/** Mostly new records, now and then an update. */
function nextWrite({ records }: SignedRepo, n: number): Write {
  const known = n % 5 === 0 ? [...records.keys()].at(-1) : undefined
  const record = {
    $type: collections.dataset,
    title: `Hourly observations ${n}`,
    description: DESCRIPTION,
    keywords: [{ name: 'weather' }],
    createdAt: '2026-11-20T00:00:00.000Z',
  }
  const rkey = known?.split('/')[1] ?? `station-${n}`
  return { action: known ? 'update' : 'create', collection: collections.dataset, rkey, record }
}

function withSeq({ t, body }: Frame, seq: number): Frame {
  return { ...(t === undefined ? {} : { t }), body: { ...body, seq } }
}
