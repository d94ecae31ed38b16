/**
 * Builds workspaces into `dist/` (JavaScript and types) and packs what npm would publish. In the repository `exports` points
 * at the TypeScript sources, which Node does not run below node_modules; a published package points at `dist/`.
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
import { join, relative, resolve, sep } from 'node:path'

/** The workspaces that are published, each after those it imports. */
export const published = ['lexicons', 'torrent', 'runtime', 'cli', 'tracker', 'appview'] as const
export type Published = (typeof published)[number]

export interface Built extends Disposable {
  /**
   * Packs everything that was built into the directory `out` and returns the paths of the `.tgz` files, each after those it
   * imports.
   *
   * @param version the version of every package; by default what their package.json says
   */
  pack(out: string, version?: string): string[]
}

const repository = resolve(import.meta.dirname, '../..')
const ours = /^@holdfast\/(.+)$/
/** What runs in browsers is compiled by `npm run bundle`, and a package has the result. */
const notBuilt = ['pages/browser']

/** Builds workspaces after those they import. */
export function buildPackages(workspaces: readonly Published[]): Built {
  // Inside node_modules, so that the compiler finds the packages of others on the way up.
  const cache = join(repository, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const stages = mkdtempSync(join(cache, 'holdfast-pack-'))
  const remove = () => rmSync(stages, { recursive: true })
  try {
    const built = [...new Set(workspaces.flatMap(withImported))].map((workspace) => ({
      manifest: readManifest(workspace),
      stage: build(workspace, stages),
    }))
    const pack = (out: string, version?: string) =>
      built.map(({ manifest, stage }) => {
        const text = JSON.stringify(publishedManifest(manifest, version), null, 2)
        writeFileSync(join(stage, 'package.json'), text)
        return packStage(stage, resolve(out))
      })
    return { pack, [Symbol.dispose]: remove }
  } catch (error) {
    remove()
    throw error
  }
}

function packStage(stage: string, out: string): string {
  mkdirSync(out, { recursive: true })
  const args = ['pack', '--json', '--pack-destination', out, stage]
  const [packed] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', cwd: stage }))
  return join(out, packed.filename)
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

function withImported(workspace: string): string[] {
  const imported = Object.keys(readManifest(workspace).dependencies ?? {}).flatMap(
    (name) => ours.exec(name)?.[1] ?? [],
  )
  return [...imported.flatMap(withImported), workspace]
}

/** Builds a workspace beside those it imports, which the compiler finds as the packages that they will be. */
function build(workspace: string, stages: string): string {
  const source = join(repository, workspace)
  const manifest = readManifest(workspace)
  const stage = join(stages, 'node_modules', manifest.name)
  mkdirSync(stage, { recursive: true })
  cpSync(join(source, 'src'), join(stage, 'src'), { recursive: true, filter: isBuilt(join(source, 'src')) })
  linkNested(join(source, 'node_modules'), join(stage, 'node_modules'))
  compile(stage, isProgram(manifest))
  cpSync(join(stage, 'src'), join(stage, 'dist'), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts'),
  })
  rmSync(join(stage, 'src'), { recursive: true })
  rmSync(join(stage, 'node_modules'), { recursive: true, force: true })
  // The packages that are built after this one find it by its exports.
  writeFileSync(join(stage, 'package.json'), JSON.stringify(publishedManifest(manifest), null, 2))
  for (const name of [...(manifest.files ?? []), 'README.md'])
    if (existsSync(join(source, name)))
      // What a compiler made here runs only on machines like this one.
      cpSync(join(source, name), join(stage, name), {
        recursive: true,
        filter: (path) => !path.endsWith('.node'),
      })
  cpSync(join(repository, 'LICENSE'), join(stage, 'LICENSE'))
  return stage
}

function isBuilt(sources: string): (path: string) => boolean {
  return (path) =>
    !path.endsWith('.test.ts') && !notBuilt.includes(relative(sources, path).split(sep).join('/'))
}

/** Packages that a workspace has in another version than the others. */
function linkNested(from: string, to: string): void {
  for (const name of existsSync(from) ? readdirSync(from) : []) {
    if (name.startsWith('.')) continue
    mkdirSync(to, { recursive: true })
    symlinkSync(join(from, name), join(to, name))
  }
}

/** A program exports nothing to import, so nobody needs its types. */
function isProgram(manifest: Manifest): boolean {
  return manifest.bin !== undefined
}

function compile(stage: string, isProgram: boolean): void {
  const config = join(stage, 'tsconfig.json')
  const options = {
    noEmit: false,
    // `npm run types` checks the same sources.
    ...(isProgram ? { noCheck: true } : { declaration: true }),
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
      files: sourcesIn(join(stage, 'src')),
    }),
  )
  const tsc = join(repository, 'tools/node_modules/.bin/tsc')
  execFileSync(tsc, ['-p', config], { stdio: ['ignore', 'inherit', 'inherit'] })
  rmSync(config)
}

// Named one by one: a pattern would pass over everything below node_modules.
function sourcesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(({ name }) => name.endsWith('.ts'))
    .map(({ parentPath, name }) => join(parentPath, name))
}

/** The same package with its exports in `dist/`, ours in this very version, and nothing that only the repository needs. */
function publishedManifest(
  { devDependencies: _, scripts: __, ...manifest }: Manifest,
  version = manifest.version,
): object {
  const exports = Object.entries(isProgram(manifest) ? {} : manifest.exports).map(([path, target]) => {
    if (target === null) return [path, null]
    const built = target.replace(/^\.\/src\//, './dist/')
    return [path, { types: built.replace(/\.ts$/, '.d.ts'), default: built.replace(/\.ts$/, '.js') }]
  })
  const dependencies = Object.entries(manifest.dependencies ?? {}).map(([name, range]) => [
    name,
    ours.test(name) ? version : range,
  ])
  return {
    ...manifest,
    version,
    exports: Object.fromEntries(exports),
    ...(dependencies.length > 0 && { dependencies: Object.fromEntries(dependencies) }),
    files: ['dist', ...(manifest.files ?? [])],
  }
}
