import { collections } from '@holdfast/lexicons/nsid'
import type { HostilePds } from '../../network/hostile-pds.ts'
import type { TestPlc } from '../../network/plc.ts'
import { encodeFrame, type Frame } from '../../network/relay/frames.ts'
import { SignedRepo, type Write } from '../../network/signed-repo.ts'
import { firstSeq } from '../firehose/first-seq.ts'

const sampleDescription =
  'Measurements of one station, taken every hour and checked by hand once a year. '.repeat(5)

/** Makes a stream of signed Holdfast commits, of several repositories in turn; a PDS knows the accounts. */
export async function forgeStream(
  { plc, pds }: { plc: TestPlc; pds: HostilePds },
  options: { repos: number; commits: number; log: (line: string) => void },
): Promise<Uint8Array[]> {
  const repos = await Promise.all(
    Array.from({ length: options.repos }, (_, n) =>
      SignedRepo.create({ plc, pdsUrl: pds.url, handle: `station-${n}.test` }),
    ),
  )
  for (const repo of repos) pds.host(repo)
  const frames: Uint8Array[] = []
  while (frames.length < options.commits) {
    const repo = repos[frames.length % repos.length]!
    const frame = await repo.write([nextWrite(repo, frames.length)])
    frames.push(encodeFrame(withSeq(frame, firstSeq + frames.length)))
    if (frames.length % 1_000 === 0) options.log(`${frames.length} commits signed`)
  }
  return frames
}

/** The next write: usually a new record, now and then an update. */
function nextWrite({ records }: SignedRepo, n: number): Write {
  const known = n % 5 === 0 ? [...records.keys()].at(-1) : undefined
  const record = {
    $type: collections.dataset,
    title: `Hourly observations ${n}`,
    description: sampleDescription,
    keywords: [{ name: 'weather' }],
    createdAt: '2026-11-20T00:00:00.000Z',
  }
  const rkey = known?.split('/')[1] ?? `station-${n}`
  return { action: known ? 'update' : 'create', collection: collections.dataset, rkey, record }
}

function withSeq({ t, body }: Frame, seq: number): Frame {
  return { ...(t === undefined ? {} : { t }), body: { ...body, seq } }
}
