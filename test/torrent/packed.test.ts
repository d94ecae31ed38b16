import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildPackages } from '../../scripts/release/pack.ts'
import { needs } from '../system/requirements.ts'

const repository = join(import.meta.dirname, '../..')

const hasTools = needs('packages as strangers install them', 'the development tools')

test.skipIf(!hasTools)('the packed library runs and type-checks its README in an empty folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-packed-'))
  const run = (command: string, args: readonly string[]) =>
    execFileSync(command, args, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, npm_config_offline: 'true' },
    })
  try {
    using built = buildPackages(['torrent'])
    const [packed] = built.pack(folder)
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
    run('npm', ['install', '--no-audit', '--no-fund', packed!])

    const readme = readFileSync(join(repository, 'torrent/README.md'), 'utf8')
    const example = /```js\n([\s\S]*?)```/.exec(readme)![1]!
    writeFileSync(join(folder, 'example.ts'), example)
    const [file, magnet, ok] = run(process.execPath, ['example.ts']).trim().split('\n')
    // The root of a file of one block is the hash of that block.
    expect(file).toBe(`2026-11.csv 18 ${hash('sha256', 'day,extent\n1,10.4\n')}`)
    expect(magnet).toMatch(
      /^magnet:\?xt=urn:btih:[0-9a-f]{40}&xt=urn:btmh:1220[0-9a-f]{64}&dn=sea-ice&xl=18&tr=udp/,
    )
    expect(ok).toBe('true')

    // This is enough data to need the worker threads, whose file must be found in the build.
    writeFileSync(join(folder, 'large'), Buffer.alloc(20 * 2 ** 20))
    const large =
      "import { createTorrent } from '@holdfast/torrent/create'; console.log((await createTorrent('large')).pieceCount)"
    expect(run(process.execPath, ['--input-type=module', '--eval', large]).trim()).toBe('1280')

    // The compilers of other people check a published package, without our settings.
    const settings = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
    const types = ['--typeRoots', join(repository, 'node_modules/@types')]
    expect(run(join(repository, 'tools/node_modules/.bin/tsc'), [...settings, ...types, 'example.ts'])).toBe(
      '',
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
