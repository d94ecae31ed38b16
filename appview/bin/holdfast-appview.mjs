#!/usr/bin/env node
// Plain JavaScript, so that an old Node can say what is wrong instead of failing on TypeScript.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(
    `holdfast-appview needs Node 24 or newer and this is ${process.versions.node}; install it, or run it through npm.\n`,
  )
  process.exitCode = 1
} else {
  await import('./quick-start.mjs')
  const { existsSync } = await import('node:fs')
  // In the repository the sources run as they are; a packed copy holds only what was built from them.
  const source = new URL('../src/command-line.ts', import.meta.url)
  const { runCommand } = await import(
    existsSync(source) ? source.href : new URL('../dist/command-line.js', import.meta.url).href
  )
  const { loadEnvFile } = await import('@holdfast/runtime/settings')
  loadEnvFile()
  process.exitCode = await runCommand(process.argv.slice(2), process.env)
}
