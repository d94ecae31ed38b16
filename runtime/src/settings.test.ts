import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { anyText, flag, listOf, network, port } from './grammars.ts'
import { describeSettings, readSettings } from './settings.ts'

test('an empty variable has the default, which is written like a value', () => {
  const settings = readSettings({ HOLDFAST_PORT: ' ' })
  expect(settings.read('HOLDFAST_PORT', port, '3000')).toBe(3000)
  expect(settings.read('HOLDFAST_NAME', anyText)).toBeUndefined()
})

test('all problems are told at once, and a secret is not printed', () => {
  const settings = readSettings({ HOLDFAST_PORT: 'x', HOLDFAST_DHT: 'perhaps', HOLDFAST_TOKEN: 'a secret' })
  settings.read('HOLDFAST_PORT', port, '3000')
  settings.read('HOLDFAST_DHT', flag, 'off')
  settings.secret('HOLDFAST_TOKEN', () => {
    throw new Error('write another')
  })
  expect(() => settings.finish()).toThrow(
    /3 problems:\n {2}HOLDFAST_PORT=x: .*\n {2}HOLDFAST_DHT=perhaps: .*\n {2}HOLDFAST_TOKEN=\(hidden\): write another$/,
  )
})

test('a secret is read from the file that its variable names', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-settings-'))
  const path = join(folder.path, 'token')
  await writeFile(path, 'from a file\n')
  const settings = readSettings({ HOLDFAST_TOKEN_FILE: path })
  expect(settings.secret('HOLDFAST_TOKEN', anyText)).toBe('from a file')
  settings.finish()
})

test.each([
  ['cannot be read', { HOLDFAST_TOKEN_FILE: '/nowhere/token' }],
  ['are both set', { HOLDFAST_TOKEN_FILE: '/nowhere/token', HOLDFAST_TOKEN: 'x' }],
])('a file for a secret that %s is a problem', (problem, env) => {
  const settings = readSettings(env)
  settings.secret('HOLDFAST_TOKEN', anyText)
  expect(() => settings.finish()).toThrow(problem)
})

test('what is in force is listed with where it comes from, secrets masked', () => {
  const settings = readSettings({ HOLDFAST_PORT: '4000', HOLDFAST_TOKEN: 'a secret' })
  settings.read('HOLDFAST_PORT', port, '3000')
  settings.read('HOLDFAST_DHT', flag, 'off')
  settings.read('HOLDFAST_NAME', anyText)
  settings.secret('HOLDFAST_TOKEN', anyText)
  expect(describeSettings(settings.inForce).split('\n')).toEqual([
    'HOLDFAST_PORT=4000  # from the environment',
    'HOLDFAST_DHT=off',
    '# HOLDFAST_NAME is not set',
    'HOLDFAST_TOKEN=********  # from the environment',
    '',
  ])
})

test.each(['10.0.0.0/99', '10.0.0.0/', '10.0.0/8', '::1/129', '10.0.0.0/8/8', 'proxy'])(
  '%s is no network',
  (text) => {
    expect(() => listOf(network)(text)).toThrow('neither an address nor a network')
  },
)
