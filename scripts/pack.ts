/**
 * node scripts/pack.ts ROOM OUT: builds a room that imports no other into `dist/` (JavaScript and types) and packs what npm
 * would publish into the directory OUT. In the repository `exports` points at the sources, which node_modules cannot run.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const repository = resolve(import.meta.dirname, '..')

if (import.meta.main) {
  const [room, out] = process.argv.slice(2)
  if (!room || !out)
    throw new Error('Say what to pack and where to: node scripts/pack.ts torrent /tmp/packed')
  console.log(pack(room, resolve(out)))
}

/** Packs a room and returns the path of the `.tgz`. */
export function pack(room: string, out: string): string {
  const source = join(repository, room)
  const stage = mkdtempSync(join(tmpdir(), 'holdfast-pack-'))
  try {
    compile(join(source, 'src'), stage)
    const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
    writeFileSync(join(stage, 'package.json'), JSON.stringify(publishedManifest(manifest), null, 2))
    cpSync(join(source, 'README.md'), join(stage, 'README.md'))
    cpSync(join(repository, 'LICENSE'), join(stage, 'LICENSE'))
    mkdirSync(out, { recursive: true })
    const args = ['pack', '--json', '--pack-destination', out, stage]
    const [packed] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', cwd: stage }))
    return join(out, packed.filename)
  } finally {
    rmSync(stage, { recursive: true })
  }
}

function compile(source: string, stage: string): void {
  const config = join(stage, 'tsconfig.json')
  const options = {
    noEmit: false,
    declaration: true,
    allowImportingTsExtensions: false,
    rootDir: source,
    outDir: join(stage, 'dist'),
    typeRoots: [join(repository, 'node_modules/@types')],
  }
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(repository, 'tsconfig.base.json'),
      compilerOptions: options,
      include: [source],
      exclude: [join(source, '**/*.test.ts')],
    }),
  )
  execFileSync(join(repository, 'node_modules/.bin/tsc'), ['-p', config], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  rmSync(config)
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | null>>
  readonly [field: string]: unknown
}

/** The same package with its exports in `dist/` and without what only the repository needs. */
function publishedManifest({ devDependencies: _, scripts: __, ...manifest }: Manifest): object {
  const exports = Object.entries(manifest.exports).map(([path, target]) => {
    if (target === null) return [path, null]
    const built = target.replace(/^\.\/src\//, './dist/')
    return [path, { types: built.replace(/\.ts$/, '.d.ts'), default: built.replace(/\.ts$/, '.js') }]
  })
  return { ...manifest, exports: Object.fromEntries(exports), files: ['dist'] }
}
