#!/usr/bin/env node
import { existsSync } from 'node:fs'

const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(`holdfast-tracker needs Node 24 or later; this is ${process.version}.`)
  process.exit(1)
}
// In a clone the TypeScript source runs directly; a published package contains only what was built from it.
const source = new URL('../src/run.ts', import.meta.url)
const { runTracker } = await import(existsSync(source) ? source.href : '../dist/run.js')
const { loadEnvFile } = await import('@holdfast/runtime/settings')
loadEnvFile()
process.exitCode = await runTracker(process.argv.slice(2), process.env)
