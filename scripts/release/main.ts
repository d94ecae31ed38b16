/**
 * npm run release -- [--dry-run] [--out DIR]: makes everything that a release holds: the packages, their checksums, what each
 * is made of (CycloneDX), what it was built from (SLSA), and what changed. Without --dry-run it then publishes the packages,
 * each after those it imports; that needs a clean checkout whose commit has the tag of the version.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { clearRelease } from './clear-release.ts'
import { buildPackages, published } from './pack.ts'

const repository = resolve(import.meta.dirname, '../..')

const { values } = parseArgs({
  options: {
    'dry-run': { type: 'boolean', default: false },
    out: { type: 'string', default: join(repository, 'release') },
  },
})
const version = versionOfAll()
if (!values['dry-run']) checkReleasable(version)
const tarballs = makeRelease(resolve(values.out), version)
if (!values['dry-run']) for (const tarball of tarballs) publish(tarball)
else console.log(`Nothing was published. The release of ${version} lies in ${resolve(values.out)}`)

function makeRelease(out: string, version: string): string[] {
  clearRelease(out)
  using built = buildPackages(published)
  const tarballs = built.pack(out)
  for (const tarball of tarballs) {
    writeFileSync(tarball.replace(/\.tgz$/, '.cdx.json'), billOfMaterials(tarball, tarballs))
  }
  writeFileSync(join(out, 'CHANGES.md'), changesOf(version))
  writeFileSync(join(out, 'provenance.intoto.json'), JSON.stringify(provenanceOf(version, tarballs), null, 2))
  const sums = readdirSync(out).map((name) => `${sha256(join(out, name))}  ${name}\n`)
  writeFileSync(join(out, 'SHA256SUMS'), sums.sort().join(''))
  for (const name of readdirSync(out)) console.log(name)
  return tarballs
}

/** Every package that an install of this one brings today, as CycloneDX. `npm sbom` knows a folder's, not a workspace's. */
function billOfMaterials(tarball: string, tarballs: readonly string[]): string {
  const scratch = mkdtempSync(join(tmpdir(), 'holdfast-release-'))
  try {
    const manifest = JSON.parse(run('tar', ['-xzOf', tarball, 'package/package.json']))
    // npm takes the name of the folder for that of the package.
    const folder = join(scratch, manifest.name)
    mkdirSync(folder, { recursive: true })
    const file = (name: string) =>
      tarballs.find((path) => basename(path).startsWith(name.replace(/^@(.+)\/(.+)$/, '$1-$2-')))
    const dependencies = Object.entries(manifest.dependencies ?? {}).map(([name, range]) => [
      name,
      name.startsWith('@holdfast/') ? `file:${file(name)}` : range,
    ])
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ ...manifest, dependencies: Object.fromEntries(dependencies) }),
    )
    run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'], folder)
    return run('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], folder)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** All packages of a release have one version, since each needs the others in its own. */
function versionOfAll(): string {
  const versions = published.map(
    (workspace) =>
      JSON.parse(readFileSync(join(repository, workspace, 'package.json'), 'utf8')).version as string,
  )
  const [version] = versions
  if (versions.some((other) => other !== version)) {
    throw new Error(
      `The packages have different versions (${[...new Set(versions)].join(', ')}): npm version X.Y.Z --workspaces`,
    )
  }
  return version!
}

function checkReleasable(version: string): void {
  if (run('git', ['status', '--porcelain']).trim() !== '') {
    throw new Error('Something is not committed. Commit it, or try the release with --dry-run')
  }
  const tags = run('git', ['tag', '--points-at', 'HEAD']).split('\n')
  if (!tags.includes(`v${version}`)) {
    throw new Error(`This commit has no tag v${version}: git tag --sign v${version}`)
  }
}

/** The part of the changelog about a version, or what is not released yet. */
function changesOf(version: string): string {
  const sections = readFileSync(join(repository, 'CHANGELOG.md'), 'utf8').split(/^(?=## )/m)
  const isAbout = (title: string) => sections.find((section) => section.startsWith(`## ${title}`))
  const changes = isAbout(version) ?? isAbout('Unreleased')
  if (changes === undefined) throw new Error(`CHANGELOG.md has neither "## ${version}" nor "## Unreleased"`)
  return changes
}

/** An in-toto statement (SLSA provenance v1) of which commit the packages were built from; npm signs its own. */
function provenanceOf(version: string, tarballs: readonly string[]): object {
  const commit = run('git', ['rev-parse', 'HEAD']).trim()
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: tarballs.map((file) => ({ name: basename(file), digest: { sha256: sha256(file) } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://holdfast.org/build/npm-run-release/v1',
        externalParameters: { version },
        internalParameters: { node: process.version, npm: run('npm', ['--version']).trim() },
        resolvedDependencies: [
          { name: 'holdfast', digest: { gitCommit: commit } },
          { name: 'package-lock.json', digest: { sha256: sha256(join(repository, 'package-lock.json')) } },
        ],
      },
      runDetails: { builder: { id: 'https://holdfast.org/build/checkout' } },
    },
  }
}

function publish(tarball: string): void {
  const args = ['publish', '--provenance', '--access', 'public', tarball]
  execFileSync('npm', args, { cwd: repository, stdio: 'inherit' })
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

function run(command: string, args: readonly string[], cwd = repository): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1e9 })
}
