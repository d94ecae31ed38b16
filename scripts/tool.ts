/**
 * node scripts/tool.ts NAME [ARGUMENT ...]: runs a development tool of `tools/package.json` in the folder it is called from,
 * and installs the tools first where they are missing or their lock file has changed. They stand apart so that whoever only
 * wants to try Holdfast need not download them.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../tools')
const lock = join(folder, 'package-lock.json')
const installed = join(folder, 'node_modules/.installed-lock.json')
const options = { stdio: 'inherit', shell: process.platform === 'win32' } as const

const upToDate = existsSync(installed) && readFileSync(installed).equals(readFileSync(lock))
if (!upToDate) {
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    ...options,
    cwd: folder,
  })
  if (status !== 0) process.exit(status ?? 1)
  copyFileSync(lock, installed)
}

const [name, ...args] = process.argv.slice(2)
if (name !== undefined)
  process.exit(spawnSync(join(folder, 'node_modules/.bin', name), args, options).status ?? 1)
