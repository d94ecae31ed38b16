/**
 * node scripts/pack.ts WORKSPACE OUT: builds a workspace into `dist/` (JavaScript and types), and the workspaces it imports before it, and
 * packs what npm would publish into the directory OUT. In the repository `exports` points at the sources, which
 * node_modules cannot run.
 */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'

const repository = resolve(import.meta.dirname, '..')
const ours = /^@holdfast\/(.+)$/

if (import.meta.main) {
  const [workspace, out] = process.argv.slice(2)
  if (!workspace || !out)
    throw new Error('Say what to pack and where to: node scripts/pack.ts torrent /tmp/packed')
  for (const file of packAll(workspace, resolve(out))) console.log(file)
}

/** Packs a workspace and returns the path of the `.tgz`; the workspaces it imports are packed by themselves. */
export function pack(workspace: string, out: string): string {
  return packAll(workspace, out).at(-1)!
}

/** Packs a workspace after the workspaces it imports, and returns the paths of the `.tgz`s in that order. */
export function packAll(workspace: string, out: string): string[] {
  // Inside node_modules, so that the compiler finds everybody else's packages on the way up.
  const cache = join(repository, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const stages = mkdtempSync(join(cache, 'holdfast-pack-'))
  mkdirSync(out, { recursive: true })
  try {
    return buildOrder(workspace).map((name) => {
      const stage = build(name, stages)
      const args = ['pack', '--json', '--pack-destination', out, stage]
      const [packed] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', cwd: stage }))
      return join(out, packed.filename)
    })
  } finally {
    rmSync(stages, { recursive: true })
  }
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, string | null>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly files?: readonly string[]
  readonly [field: string]: unknown
}

function readManifest(workspace: string): Manifest {
  return JSON.parse(readFileSync(join(repository, workspace, 'package.json'), 'utf8'))
}

function buildOrder(workspace: string): string[] {
  const imported = Object.keys(readManifest(workspace).dependencies ?? {}).flatMap(
    (name) => ours.exec(name)?.[1] ?? [],
  )
  return [...new Set([...imported.flatMap(buildOrder), workspace])]
}

/** Builds a workspace beside the ones it imports, which are found as the packages they will be. */
function build(workspace: string, stages: string): string {
  const source = join(repository, workspace)
  const manifest = readManifest(workspace)
  const stage = join(stages, 'node_modules', manifest.name)
  mkdirSync(stage, { recursive: true })
  cpSync(join(source, 'src'), join(stage, 'src'), { recursive: true })
  linkNested(join(source, 'node_modules'), join(stage, 'node_modules'))
  compile(stage)
  rmSync(join(stage, 'src'), { recursive: true })
  rmSync(join(stage, 'node_modules'), { recursive: true, force: true })
  writeFileSync(join(stage, 'package.json'), JSON.stringify(publishedManifest(manifest), null, 2))
  for (const name of [...(manifest.files ?? []), 'README.md'])
    if (existsSync(join(source, name))) cpSync(join(source, name), join(stage, name), { recursive: true })
  cpSync(join(repository, 'LICENSE'), join(stage, 'LICENSE'))
  return stage
}

/** Packages that a workspace has in another version than the root. */
function linkNested(from: string, to: string): void {
  for (const name of existsSync(from) ? readdirSync(from) : []) {
    if (name.startsWith('.')) continue
    mkdirSync(to, { recursive: true })
    symlinkSync(join(from, name), join(to, name))
  }
}

function compile(stage: string): void {
  const config = join(stage, 'tsconfig.json')
  const options = {
    noEmit: false,
    declaration: true,
    allowImportingTsExtensions: false,
    rootDir: join(stage, 'src'),
    outDir: join(stage, 'dist'),
    typeRoots: [join(repository, 'node_modules/@types')],
  }
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(repository, 'tsconfig.base.json'),
      compilerOptions: options,
      files: sources(join(stage, 'src')),
    }),
  )
  const tsc = join(repository, 'tools/node_modules/.bin/tsc')
  execFileSync(tsc, ['-p', config], { stdio: ['ignore', 'inherit', 'inherit'] })
  rmSync(config)
}

// Named one by one: a pattern would pass over everything below node_modules.
function sources(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(({ name }) => /\.ts$/.test(name) && !/\.test\.ts$/.test(name))
    .map(({ parentPath, name }) => join(parentPath, name))
}

/** The same package with its exports in `dist/`, its own kin in this very version, and nothing that only the repository needs. */
function publishedManifest({ devDependencies: _, scripts: __, ...manifest }: Manifest): object {
  const exports = Object.entries(manifest.exports).map(([path, target]) => {
    if (target === null) return [path, null]
    const built = target.replace(/^\.\/src\//, './dist/')
    return [path, { types: built.replace(/\.ts$/, '.d.ts'), default: built.replace(/\.ts$/, '.js') }]
  })
  const dependencies = Object.entries(manifest.dependencies ?? {}).map(([name, version]) => [
    name,
    ours.test(name) ? readManifest(ours.exec(name)![1]!).version : version,
  ])
  return {
    ...manifest,
    exports: Object.fromEntries(exports),
    ...(dependencies.length > 0 && { dependencies: Object.fromEntries(dependencies) }),
    files: ['dist', ...(manifest.files ?? [])],
  }
}
