import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadConfig as loadAppViewConfig } from '@holdfast/appview/config'
import { loadConfig as loadCliConfig } from '@holdfast/cli/config'
import { loadConfig as loadTrackerConfig } from '@holdfast/tracker/config'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const lines = readFileSync(`${root}/.env.example`, 'utf8').split('\n')
const entries = lines.flatMap((line) => {
  const [, comment, name, value] = /^(#?)(HOLDFAST_[A-Z_]+)=(.*)$/.exec(line) ?? []
  return name === undefined ? [] : [{ name, value: value ?? '', isSet: comment === '' }]
})

/** Variables that only tests read are not for operators, except these two, which a contributor needs. */
const forTests = ['HOLDFAST_TEST_DATABASE_URL', 'HOLDFAST_TEST_REDIS_URL']

test('.env.example names each variable that a program reads exactly once, and no other', () => {
  const files = globSync('{runtime,appview,tracker,cli}/src/**/*.ts', {
    cwd: root,
    exclude: (path) => /node_modules|\.test\.ts$|test-/.test(path),
  })
  const read = files.flatMap(
    (file) => readFileSync(`${root}/${file}`, 'utf8').match(/HOLDFAST_[A-Z]+(?:_[A-Z]+)*/g) ?? [],
  )
  // Where a secret may be in a file, the name of that variable follows from its own.
  const named = read.filter((name) => !name.endsWith('_FILE'))
  expect(entries.map(({ name }) => name).sort()).toEqual([...new Set([...named, ...forTests])].sort())
})

test('the values in .env.example are the defaults', () => {
  const set = Object.fromEntries(entries.filter(({ isSet }) => isSet).map(({ name, value }) => [name, value]))
  expect(loadAppViewConfig(set)).toEqual(loadAppViewConfig({}))
  expect(loadTrackerConfig(set)).toEqual(loadTrackerConfig({}))
  expect(loadCliConfig(set)).toEqual(loadCliConfig({}))
})
