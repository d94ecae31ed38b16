import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../testing/backends.ts'
import type { Catalog } from '../../store/open.ts'
import { rows } from '../../store/sql.ts'
import { applyAdmissionPolicy } from '../admission-policy.ts'
import { applyBatch, type RecordOp } from '../apply-batch.ts'
import { joinCards } from './cards.ts'

const page = 'https://institute.example.org/data'
let rev = 0

describe.each(testBackends())('cards on $name', ({ open }) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  const publish = (did: string, records: Readonly<Record<string, object | null>>) =>
    applyBatch(catalog.db, {
      commits: [
        {
          ...{ did, dataCid: 'd', rev: `3n${String(++rev).padStart(11, '0')}` },
          ops: Object.entries(records).map(([rkey, value]): RecordOp => toOp(did, rkey, value)),
        },
      ],
    })
  /** The record keys of each card of these accounts, such as `a+b c`. */
  const cards = async (...dids: string[]) => {
    const found = await rows<{ card: string }>(
      catalog.db,
      sql`SELECT string_agg(split_part(uri, '/', 5), '+' ORDER BY split_part(uri, '/', 5)) AS card FROM catalog.dataset
          WHERE did = ANY (ARRAY[${sql.join(dids, sql`, `)}]) GROUP BY group_id ORDER BY 1`,
    )
    return found.map(({ card }) => card).join(' ')
  }

  test('records that share an identifier share a card until one loses it', async () => {
    const [one, two] = ['did:plc:ident-a', 'did:plc:ident-b']
    await publish(one, { a: { identifiers: [doi('10.1000/1')] }, b: { identifiers: [doi('10.1000/2')] } })
    await publish(two, {
      c: { homepage: 'https://doi.org/10.1000/1' },
      d: { identifiers: [doi('10.1000/1'), doi('10.1000/2')] },
    })
    expect(await cards(one, two)).toBe('a+b+c+d')
    await publish(two, { d: null })
    expect(await cards(one, two)).toBe('a+c b')
    await publish(two, { c: { homepage: page } })
    expect(await cards(one, two)).toBe('a b c')
  })

  test('records of one landing page share a card only if title and identifiers agree', async () => {
    const did = 'did:plc:pages'
    const homepage = 'https://portal.example.org/'
    await publish(did, {
      a: { homepage, title: 'Readings', identifiers: [doi('10.2000/1')] },
      b: { homepage, title: 'Readings', identifiers: [{ scheme: 'local', value: 'R-2' }] },
      c: { homepage, title: 'Readings', identifiers: [doi('10.2000/3')] },
      d: { homepage, title: 'readings!' },
      e: { homepage, title: 'Soundings, 2011' },
      f: { homepage: 'http://www.portal.example.org', title: '2011 – soundings' },
      g: { homepage, title: 'Something else' },
    })
    expect(await cards(did)).toBe('a b c d e+f g')
  })

  test('a record without identifiers joins one that has some, by page and title', async () => {
    const did = 'did:plc:one-sided'
    await publish(did, {
      a: { homepage: page, title: 'Sea ice', identifiers: [doi('10.3000/1')] },
      b: { homepage: page, title: 'Sea Ice' },
    })
    expect(await cards(did)).toBe('a+b')
  })

  test('only visible records share cards', async () => {
    const [seen, hidden] = ['did:plc:seen', 'did:plc:hidden']
    const same = { identifiers: [doi('10.4000/1')] }
    await publish(seen, { a: same })
    await applyBatch(catalog.db, { accounts: [{ did: hidden, active: false, status: 'deactivated' }] })
    await publish(hidden, { b: same })
    expect(await cards(seen, hidden)).toBe('a b')
    await applyBatch(catalog.db, { accounts: [{ did: hidden, active: true }] })
    expect(await cards(seen, hidden)).toBe('a+b')
    await applyBatch(catalog.db, { accounts: [{ did: hidden, active: false, status: 'deactivated' }] })
    expect(await cards(seen, hidden)).toBe('a b')
  })

  test('takes time in proportion to the number of records that share an identifier', async () => {
    const did = 'did:plc:dense'
    const identifiers = Array.from({ length: 30 }, (_, n) => doi(`10.5000/${n}`))
    const records = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`r${n}`, { identifiers }]))
    await publish(did, records)
    const [keys] = await rows<{ n: number }>(
      catalog.db,
      sql`SELECT count(*)::int AS n FROM catalog.card_key k JOIN catalog.dataset d ON d.id = k.dataset_id WHERE d.did = ${did}`,
    )
    expect(keys?.n).toBe(300 * 20)
    const [card] = await rows<{ n: number }>(
      catalog.db,
      sql`SELECT count(*)::int AS n FROM catalog.dataset WHERE did = ${did} GROUP BY group_id ORDER BY 1 DESC LIMIT 1`,
    )
    expect(card?.n).toBe(100)
  })
})

test('joins a chain of a hundred thousand records in linear time', () => {
  const keys = Array.from({ length: 100_000 }, (_, n) => [n, n + 1].map((id) => ({ id, key: `k${n}` })))
  const leaders = joinCards(keys.flat().map((one) => ({ ...one, own: true, identified: true })))
  expect(new Set(leaders.values())).toEqual(new Set([0]))
})

function doi(value: string) {
  return { scheme: 'doi', value }
}

function toOp(did: string, rkey: string, value: object | null): RecordOp {
  const uri = `at://${did}/dataset/${rkey}`
  if (value === null) return { action: 'delete', uri }
  const record = { title: `Title of ${did} ${rkey}`, createdAt: '2026-01-02T03:04:05Z', ...value }
  return { action: 'put', uri, kind: 'dataset', cid: `cid-${rkey}-${++rev}`, value: record }
}
