#!/usr/bin/env node
// This file is plain, old-fashioned JavaScript, so that an old Node can run it as far as the message below.
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
// Reading code takes a third of the time of a short command, so compiled code is cached. The cache is executable code:
// it goes to a directory that only this user can write to, never to a shared temporary directory.
const cache = process.env.XDG_CACHE_HOME || process.env.LOCALAPPDATA || join(homedir(), '.cache')
enableCompileCache(process.env.NODE_COMPILE_CACHE || join(cache, 'holdfast', 'code'))
const source = new URL('../src/main.ts', import.meta.url)
// In the repository the TypeScript sources run directly; a published package contains only what was built from them.
const { main } = await import(
  existsSync(source) ? source.href : new URL('../dist/main.js', import.meta.url).href
)
process.exitCode = await main(process.argv.slice(2), process.env)
