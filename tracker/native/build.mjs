#!/usr/bin/env node
// Builds batch-udp.node beside its source. Needs a C compiler and nothing else; the tracker runs without it.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('batch-udp.c', import.meta.url))
const target = fileURLToPath(new URL('batch-udp.node', import.meta.url))
const flags = ['-O2', '-Wall', '-Wextra', '-fPIC', '-fvisibility=hidden', '-shared', '-o', target, source]
if (process.platform !== 'linux') fail('batch-udp is for Linux; elsewhere the tracker uses node:dgram.')
const compiler = ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0)
if (compiler === undefined)
  fail('No C compiler (cc, gcc, clang) is installed; the tracker will use node:dgram.')
const { status } = spawnSync(compiler, flags, { stdio: 'inherit' })
if (status !== 0) fail(`${compiler} could not build ${source}; the tracker will use node:dgram.`)
process.stdout.write(`built ${target}\n`)

function fail(reason) {
  process.stderr.write(`${reason}\n`)
  process.exit(1)
}
