import { expect, test } from 'vitest'
import { loadConfig } from './config.ts'

test('an empty environment gives the defaults', () => {
  expect(loadConfig({})).toMatchObject({
    appviewUrl: 'http://127.0.0.1:3000',
    plcUrl: 'https://plc.directory',
    allowPrivateHosts: false,
    identifier: undefined,
    pdsUrl: undefined,
  })
})

test('reports all problems at once, by variable', () => {
  const env = {
    HOLDFAST_APPVIEW_URL: 'nowhere',
    HOLDFAST_PDS: 'ftp://x',
    HOLDFAST_AUTHORITIES: 'no authority',
  }
  expect(() => loadConfig(env)).toThrow(/HOLDFAST_APPVIEW_URL[\s\S]*no authority[\s\S]*HOLDFAST_PDS/)
})

test('a PLC directory on this machine makes a development network', () => {
  expect(loadConfig({ HOLDFAST_PLC_URL: 'http://localhost:2582/' })).toMatchObject({
    allowPrivateHosts: true,
    plcUrl: 'http://localhost:2582',
  })
})

test('of several AppViews, the first is asked', () => {
  expect(loadConfig({ HOLDFAST_APPVIEW_URL: 'https://a.example/, https://b.example' }).appviewUrl).toBe(
    'https://a.example',
  )
})
