/**
 * The files that PGlite makes in an empty folder, before any schema of ours. Making them takes five seconds of a core and
 * 600 MB of memory, so they are shipped and copied instead. `node scripts/empty-cluster.ts` makes them again, for each
 * version of PGlite.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import { PGlite } from '@electric-sql/pglite'

/** `files` maps a path to its bytes, or to null for a folder. Folders come before what is in them. */
interface EmptyCluster {
  readonly pgliteVersion: string
  readonly files: Readonly<Record<string, Buffer | null>>
}

const shipped = new URL('../../assets/empty-cluster.zst', import.meta.url)
// Each of the three databases of a new cluster contains the same 7 MB; only a compression window of this size finds that out.
const windowLog = 27

/**
 * Writes an empty store into `directory`, which must not exist. Does nothing when the shipped files belong to another
 * version of PGlite, which then makes its own. A process that dies meanwhile leaves no partial store under that name.
 */
export async function layEmptyCluster(directory: string): Promise<void> {
  if (existsSync(directory)) return
  const cluster = await readShipped()
  if (cluster?.pgliteVersion !== pgliteVersion()) return
  await mkdir(dirname(directory), { recursive: true })
  const half = await mkdtemp(`${directory}.new-`)
  for (const [path, bytes] of Object.entries(cluster.files)) {
    const target = join(half, ...path.split('/'))
    if (bytes === null) await mkdir(target, { mode: 0o700 })
    else await writeFile(target, bytes, { mode: 0o600 })
  }
  await rename(half, directory)
}

/** Makes the shipped file with the installed version of PGlite. */
export async function writeEmptyCluster(): Promise<{ path: URL; sizeBytes: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-empty-cluster-'))
  try {
    await (await PGlite.create(directory)).close()
    const cluster: EmptyCluster = { pgliteVersion: pgliteVersion(), files: await readTree(directory) }
    const packed = await promisify(zstdCompress)(serialize(cluster), {
      params: {
        [constants.ZSTD_c_compressionLevel]: 19,
        [constants.ZSTD_c_windowLog]: windowLog,
        [constants.ZSTD_c_enableLongDistanceMatching]: 1,
      },
    })
    await mkdir(new URL('.', shipped), { recursive: true })
    await writeFile(shipped, packed)
    return { path: shipped, sizeBytes: packed.length }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function readShipped(): Promise<EmptyCluster | undefined> {
  if (!existsSync(shipped)) return undefined
  const params = { [constants.ZSTD_d_windowLogMax]: windowLog }
  return deserialize(await promisify(zstdDecompress)(await readFile(shipped), { params }))
}

async function readTree(directory: string): Promise<Record<string, Buffer | null>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = entries.map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
  const files: Record<string, Buffer | null> = {}
  for (const { entry, path } of paths.sort((a, b) => (a.path < b.path ? -1 : 1)))
    files[relative(directory, path).replaceAll('\\', '/')] = entry.isDirectory() ? null : await readFile(path)
  return files
}

function pgliteVersion(): string {
  const require = createRequire(import.meta.url)
  const entry = require.resolve('@electric-sql/pglite')
  return require(join(dirname(entry), '../package.json')).version
}
