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

test('.env.example names every variable that a program or the tests read, once, and no other', () => {
  const files = globSync('{appview,tracker,cli,test}/**/*.ts', {
    cwd: root,
    exclude: (path) => /node_modules/.test(path),
  })
  const isTest = (file: string) =>
    file.startsWith('test') || file.endsWith('.test.ts') || file.endsWith('test-backends.ts')
  const read = files.flatMap((file) => {
    const names = readFileSync(`${root}/${file}`, 'utf8').match(/HOLDFAST_[A-Z]+(?:_[A-Z]+)*/g) ?? []
    return isTest(file) ? names.filter((name) => name.startsWith('HOLDFAST_TEST_')) : names
  })
  expect(entries.map(({ name }) => name).sort()).toEqual([...new Set(read)].sort())
})

test('the values that .env.example sets are the defaults', () => {
  const set = Object.fromEntries(entries.filter(({ isSet }) => isSet).map(({ name, value }) => [name, value]))
  expect(loadAppViewConfig(set)).toEqual(loadAppViewConfig({}))
  expect(loadTrackerConfig(set)).toEqual(loadTrackerConfig({}))
  expect(loadCliConfig(set)).toEqual(loadCliConfig({}))
})
