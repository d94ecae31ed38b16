import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTorrent } from '@holdfast/torrent/create'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { verifyFiles } from '@holdfast/torrent/verify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../system/requirements.ts'
import { type Libtorrent, startLibtorrent } from './libtorrent.ts'
import { seeded, writeRandomTree } from './random-tree.ts'

const treeCount = 200
/** mktorrent 1.1 crashes on paths that, together with the tree's name, are longer than its first buffer. */
const mktorrentPathBytes = 250

describe.runIf(needs('200 random trees against libtorrent and mktorrent', 'libtorrent', 'mktorrent'))(
  'a torrent of a random tree has the infohashes that other programs compute',
  () => {
    let scratch: string
    let libtorrent: Libtorrent
    let byMktorrent = 0
    beforeAll(() => {
      scratch = mkdtempSync(join(tmpdir(), 'holdfast-trees-'))
      libtorrent = startLibtorrent()
    })
    afterAll(async () => {
      await libtorrent[Symbol.asyncDispose]()
      rmSync(scratch, { recursive: true })
    })

    test(`${treeCount - 1} small trees, v1, v2 and hybrid`, async () => {
      for (let seed = 1; seed < treeCount; seed++) {
        const pieceLengthBytes = 2 ** (15 + (seed % 4))
        await compare({ seed, pieceLengthBytes, files: 0 })
      }
      expect(byMktorrent).toBeGreaterThan(treeCount * 0.9)
    })

    test('a tree of 10,500 files', async () => {
      await compare({ seed: treeCount, pieceLengthBytes: 32_768, files: 10_500 })
    })

    async function compare(tree: { seed: number; pieceLengthBytes: number; files: number }): Promise<void> {
      const { seed, pieceLengthBytes } = tree
      const name = `tree ${seed}`
      const root = join(scratch, name)
      writeRandomTree(root, seed, tree)
      for (const version of ['v1', 'v2', 'hybrid'] as const) {
        const made = await createTorrent(root, { version, pieceLengthBytes, threads: 1 + (seed % 2) })
        const parsed = parseMetainfo(made.metainfo)
        expect([parsed.infoHashV1, parsed.infoHashV2]).toEqual([made.infoHashV1, made.infoHashV2])
        expect(parsed.hasPieceLayers).toBe(true)
        const files = parsed.files.map(({ path, sizeBytes }) => [path.join('/'), sizeBytes] as const)
        // The order of a v2 tree is prescribed; the order of a v1 list is the maker's choice.
        const given = version === 'v1' ? files : shuffle(files, seed)
        const theirs = await libtorrent.create({
          root: scratch,
          name,
          files: given,
          pieceLengthBytes,
          version,
        })
        expect([made.infoHashV1, made.infoHashV2], `${name} ${version}`).toEqual([theirs.v1, theirs.v2])
        const longest = Math.max(...files.map(([path]) => Buffer.byteLength(`${name}/${path}`)))
        if (version === 'v1' && longest <= mktorrentPathBytes) {
          expect(made.infoHashV1, name).toBe(await infoHashByMktorrent(name, pieceLengthBytes))
          byMktorrent++
        }
        if (seed % 20 === 1) expect((await verifyFiles(parsed, root)).problems).toEqual([])
      }
      rmSync(root, { recursive: true })
    }

    async function infoHashByMktorrent(name: string, pieceLengthBytes: number): Promise<string | null> {
      const out = join(scratch, 'mktorrent.torrent')
      rmSync(out, { force: true })
      const options = ['-d', '-a', 'http://127.0.0.1/', '-l', String(Math.log2(pieceLengthBytes)), '-o', out]
      execFileSync('mktorrent', [...options, name], { cwd: scratch, stdio: 'pipe' })
      return (await libtorrent.parse(out)).v1
    }
  },
)

function shuffle<Item>(items: readonly Item[], seed: number): Item[] {
  const random = seeded(seed)
  return items
    .map((item) => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
}
