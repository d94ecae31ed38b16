/**
 * Fuzzes the frame scanner: `node test/ingest/fuzz-scanner.ts [--inputs 1000000] [--seed 1]`. Real frames, damaged
 * frames and noise go through the scanner and the full decoder. They must agree, and neither may throw.
 */
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { decodeFrame, type FrameFilter } from '@holdfast/appview/ingest/frame/frame'
import { createFrameScanner } from '@holdfast/appview/ingest/frame/scan-frame'
import { mutate } from '@holdfast/appview/testing/mutate'
import { startPlc } from '../network/plc.ts'
import { encodeFrame, type Frame } from '../network/relay/frames.ts'
import { seededRandom } from '../network/relay/seeded-random.ts'
import { SignedRepo } from '../network/signed-repo.ts'

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
})
const inputs = Number(values.inputs)
const random = seededRandom(Number(values.seed))
const choose = (limit: number) => Math.floor(random() * limit)
const filter: FrameFilter = {
  wantsPath: (path) => path.startsWith('com.example.wanted/'),
  tracks: (did) => did.endsWith('a'),
}
const scan = createFrameScanner(filter, ['com.example.'])
const seeds = await realFrames()
const kinds = new Map<string, number>()
const started = performance.now()
for (let n = 0; n < inputs; n++) {
  const bytes = nextInput()
  const scanned = scan(bytes)
  kinds.set(scanned.kind, (kinds.get(scanned.kind) ?? 0) + 1)
  if (isDeepStrictEqual(scanned, decodeFrame(bytes, filter))) continue
  console.error(
    `seed ${values.seed}, input ${n}: scanner and decoder disagree on ${Buffer.from(bytes).toString('hex')}`,
  )
  process.exit(1)
}
const seconds = ((performance.now() - started) / 1_000).toFixed(0)
console.log(
  `${inputs} inputs in ${seconds} s, none fatal, none decided otherwise:`,
  Object.fromEntries(kinds),
)
process.exit(0)

function nextInput(): Uint8Array {
  const dice = choose(20)
  if (dice === 0) return Uint8Array.from({ length: choose(200) }, () => choose(256))
  const frame = seeds[choose(seeds.length)]!
  return dice === 1 ? frame : mutate(frame, choose)
}

async function realFrames(): Promise<Uint8Array[]> {
  await using plc = await startPlc()
  const frames: Frame[] = []
  for (let n = 0; n < 8; n++) {
    const repo = await SignedRepo.create({ plc, pdsUrl: 'http://localhost:9', handle: `fuzz-${n}.test` })
    for (const collection of ['com.example.wanted', 'com.example.other', 'app.example.note']) {
      frames.push(await repo.create(collection, `r${n}`, { text: 'x'.repeat(choose(300)) }))
      frames.push(await repo.update(collection, `r${n}`, { text: 'y', n }))
    }
    frames.push(await repo.delete('com.example.wanted', `r${n}`), await repo.syncFrame())
    frames.push(repo.identityFrame(), repo.accountFrame(), repo.accountFrame('deactivated'))
  }
  return frames.map(({ t, body }, seq) =>
    encodeFrame({ ...(t ? { t } : {}), body: { ...body, seq: seq * 997 } }),
  )
}
