import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import { openSearchable, type Searchable } from '../../../testing/datasets.ts'
import { suggestions } from './plain-files.ts'

describe.each(testBackends())('/typeahead on $name', ({ open }) => {
  let searchable: Searchable
  let server: ReturnType<express.Express['listen']>
  beforeAll(async () => {
    searchable = await openSearchable(open)
    server = express().get('/typeahead', suggestions(searchable.catalog.db)).listen(0)
    await new Promise((resolve) => server.once('listening', resolve))
  })
  afterAll(async () => {
    server.close()
    await searchable[Symbol.asyncDispose]()
  })

  const ask = (q: string) =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/typeahead?q=${encodeURIComponent(q)}`)

  test('completions may be cached for a while', async () => {
    const answer = await ask('cryo')
    expect(await answer.json()).toMatchObject([{ text: 'Cryosphere', href: '/keyword/Cryosphere' }])
    expect(answer.headers.get('cache-control')).toBe('public, max-age=30')
  })

  test.each(['nothingbeginsso', ''])('an empty answer to %j is not cached', async (q) => {
    const answer = await ask(q)
    expect(await answer.json()).toEqual([])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
})
