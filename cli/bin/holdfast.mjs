#!/usr/bin/env node
// Plain JavaScript of the oldest kind: an old Node must get as far as the sentence below.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `holdfast needs Node 24 or later; this is ${process.versions.node} at ${process.execPath}. Put a newer node first on the PATH.`,
  )
  process.exit(1)
}
const { existsSync } = await import('node:fs')
const { enableCompileCache } = await import('node:module')
const { homedir } = await import('node:os')
const { join } = await import('node:path')
// A third of a short command's time is reading code. What is kept of it is code too, so it lies where only this user
// writes, never in a temporary directory that is everybody's.
const cache = process.env.XDG_CACHE_HOME || process.env.LOCALAPPDATA || join(homedir(), '.cache')
enableCompileCache(process.env.NODE_COMPILE_CACHE || join(cache, 'holdfast', 'code'))
const source = new URL('../src/main.ts', import.meta.url)
// In the repository the sources run as they are; a packed copy holds only what was built from them.
const { main } = await import(
  existsSync(source) ? source.href : new URL('../dist/main.js', import.meta.url).href
)
process.exitCode = await main(process.argv.slice(2), process.env)
