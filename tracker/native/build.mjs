#!/usr/bin/env node
// Builds batch.node next to its source, or at the path that is given. This needs only a C compiler; the tracker also
// runs without it.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const sources = ['module.c', 'udp.c', 'tcp.c'].map((file) => fileURLToPath(new URL(file, import.meta.url)))
const target = process.argv[2] ?? fileURLToPath(new URL('batch.node', import.meta.url))
const flags = ['-O2', '-Wall', '-Wextra', '-fPIC', '-fvisibility=hidden', '-shared', '-o', target, ...sources]
if (process.platform !== 'linux')
  fail('This is for Linux; elsewhere the tracker uses node:dgram and node:net.')
const compiler = ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0)
if (compiler === undefined)
  fail('No C compiler (cc, gcc, clang) is installed; the tracker will use node:dgram and node:net.')
const { status } = spawnSync(compiler, flags, { stdio: 'inherit' })
if (status !== 0) fail(`${compiler} could not build it; the tracker will use node:dgram and node:net.`)
process.stdout.write(`built ${target}\n`)

function fail(reason) {
  process.stderr.write(`${reason}\n`)
  process.exit(1)
}
