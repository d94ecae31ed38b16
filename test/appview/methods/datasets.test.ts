import { testBackends } from '@holdfast/appview/testing/backends'
import type * as schemas from '@holdfast/lexicons'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { cidOf, createdAt, uriOf } from '../index-under-test.ts'
import { alice, bob, carol, ice, refusal, type SeaIceIndex, startSeaIceIndex, torrent } from './sea-ice.ts'

describe.each(testBackends())('methods about datasets, on $name', ({ open }) => {
  let index: SeaIceIndex
  beforeAll(async () => {
    index = await startSeaIceIndex({ open })
  })
  afterAll(() => index[Symbol.asyncDispose]())
  afterEach(() => expect(index.takeFaults()).toEqual([]))

  test('getDataset returns the record verbatim and all that the index knows of it', async () => {
    const { dataset, torrents } = await index.ask<schemas.getDataset.$OutputBody>('getDataset', { uri: ice })
    expect(dataset).toMatchObject({
      uri: ice,
      author: {
        did: alice,
        handle: 'alice.example.org',
        domainVerified: true,
        displayName: 'Alice’s Library',
        kind: 'library',
      },
      record: { title: 'Sea ice extent', createdAt },
      status: 'indexed',
      counts: { torrents: 1, verifiedTorrents: 1, webseeds: 2, files: 12, sizeBytes: 1266, assessments: 2 },
      swarm: { seeders: 2, leechers: 5, needsSeeders: true },
      labels: [{ src: alice, uri: ice, val: 'graphic-media' }],
      sourceStatus: [
        {
          url: 'https://example.gov/ice',
          status: 'offline',
          httpStatus: 503,
          history: [{ status: 'offline' }, { status: 'online' }],
        },
        { url: 'https://example.gov/other', status: 'unchecked' },
      ],
      changedSince: [{ field: 'derivedFrom/0', uri: uriOf(bob, 'dataset', 'raw'), cid: cidOf('old') }],
      supersededBy: [
        {
          uri: uriOf(bob, 'dataset', 'newer'),
          author: { did: bob, handle: 'bob.bsky.social', domainVerified: false },
        },
      ],
    })
    expect(dataset.assessments?.map((view) => [view.author.did, view.matchedBy])).toEqual([
      [carol, 'identifier'],
      [bob, 'uri'],
    ])
    expect(torrents.map((view) => view.infoHashV1)).toEqual([torrent.infoHashV1])
  })

  test('groups records that share an identifier without merging them', async () => {
    const { dataset } = await index.ask<schemas.getDataset.$OutputBody>('getDataset', { uri: ice })
    expect(dataset.group).toMatchObject({
      count: 2,
      describers: [
        {
          uri: uriOf(carol, 'dataset', 'ice-too'),
          author: { did: carol },
          title: 'Polar ice',
          matchedBy: 'doi',
        },
      ],
    })
  })

  test('a URI may name its author by handle', async () => {
    const { dataset } = await index.ask<schemas.getDataset.$OutputBody>('getDataset', {
      uri: ice.replace(alice, 'alice.example.org'),
    })
    expect(dataset.uri).toBe(ice)
    expect(await refusal(index.ask('getDataset', { uri: ice.replace(alice, 'nobody.example.org') }))).toBe(
      '404 RecordNotFound',
    )
    expect(await refusal(index.ask('getDataset', { uri: `${ice}x` }))).toBe('404 RecordNotFound')
    expect(await refusal(index.ask('getDataset', { uri: 'http://x' }))).toBe('400 InvalidRequest')
  })

  test('getDatasets keeps the order of the request and leaves out what is not visible', async () => {
    const other = uriOf(bob, 'dataset', 'raw')
    const { datasets } = await index.ask<schemas.getDatasets.$OutputBody>('getDatasets', {
      uris: [other, `${ice}x`, ice, other],
    })
    expect(datasets.map((view) => view.uri)).toEqual([other, ice])
  })

  test('listDatasets continues at its cursor, even when rows were added meanwhile', async () => {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await index.ask<schemas.listDatasets.$OutputBody>('listDatasets', {
        author: 'bob.bsky.social',
        limit: 2,
        cursor,
      })
      seen.push(...page.datasets.map((view) => view.uri))
      cursor = page.cursor
      await index.write(bob, [
        {
          put: 'dataset',
          rkey: `added-${seen.length}`,
          record: { title: 'Added', createdAt: '2027-01-01T00:00:00Z' },
        },
      ])
    } while (cursor)
    expect(seen.filter((uri) => !uri.includes('/added-'))).toEqual(
      ['newer', 'raw', 'r3', 'r2', 'r1'].map((rkey) => uriOf(bob, 'dataset', rkey)),
    )
    expect(new Set(seen).size).toBe(seen.length)
    expect(await refusal(index.ask('listDatasets', { author: 'nobody.example.org' }))).toBe(
      '400 AuthorNotFound',
    )
    for (const bad of [
      'x',
      'W10',
      Buffer.from('["datasets","now",1]').toString('base64url'),
      Buffer.from('["torrents","2026-01-01 00:00:00+00",1]').toString('base64url'),
    ]) {
      expect(await refusal(index.ask('listDatasets', { author: bob, cursor: bad })), bad).toBe(
        '400 InvalidCursor',
      )
    }
  })
})
