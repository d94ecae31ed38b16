/** Sources that are broken or lie, read into a ledger in memory. */
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { createAsk } from '@holdfast/cli/bridge/ask'
import { findSource, openSource } from '@holdfast/cli/bridge/detect'
import { type Ledger, openLedger, type Run } from '@holdfast/cli/bridge/ledger'
import { type ReadEvent, readSource } from '@holdfast/cli/bridge/read'
import type { Source } from '@holdfast/cli/bridge/source'
import { expect, onTestFinished, test } from 'vitest'
import { startIndex } from '../../appview/index-under-test.ts'
import { ckanPackages, startCkanServer } from './ckan-server.ts'
import { oaiRecords, startOaiServer } from './oai-server.ts'
import { type SourceServer, sendJson, startSourceServer } from './source-server.ts'

const waits: string[] = []
const ask = createAsk({ fetch, firstWaitMs: 1, onWait: (ms, reason) => waits.push(`${reason}: ${ms}`) })

function memoryLedger(): Ledger {
  const ledger = openLedger(':memory:')
  onTestFinished(() => ledger[Symbol.dispose]())
  return ledger
}

/** Reads to the end, and pretends that everything pending was written. */
async function readAll(source: Source, ledger: Ledger, isFull = false): Promise<ReadEvent[]> {
  const events = await Array.fromAsync(readSource(source, ledger, { isFull, maxPending: 1e9 }))
  for (const { sourceId, digest, modified, address, draft } of ledger
    .unplaced(1e6)
    .concat(ledger.pending(1e6))) {
    const rkey = ledger.entry(sourceId)?.rkey ?? draft.rkey ?? sourceId
    const seenAt = new Date().toISOString()
    ledger.putEntry({
      sourceId,
      state: 'kept',
      rkey,
      digest,
      modified,
      address,
      filesDigest: null,
      seenRun: ledger.get<number>('runs')!,
      seenAt,
    })
    ledger.removePending(sourceId)
  }
  const run = ledger.get<Run>('run')!
  if (run.nextSince !== null) ledger.set('since', run.nextSince)
  ledger.set('run', null)
  return events
}

const sourceAt = async (address: string) => openSource(await findSource(address, ask), ask)
const failing = (source: Source, ledger = memoryLedger()) => expect(readAll(source, ledger)).rejects
const using = <T extends AsyncDisposable>(server: T): T => {
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

test('pages of CKAN in which datasets move while they are read miss none of them', async () => {
  const packages = ckanPackages(900)
  const server = using(await startCkanServer(packages))
  let requests = 0
  server.interfere = () => {
    // One that was already read is modified, so that all behind it move up; and one that is still to come.
    if (requests++ > 0)
      for (const i of [requests * 2, 899 - requests])
        server.put({ id: packages[i]!.id, title: `Changed ${requests}` })
    return false
  }
  const ledger = memoryLedger()
  await readAll(await sourceAt(server.url), ledger)
  expect(ledger.count('kept')).toBe(900)
})

test('a catalog that ignores filter and order is read by counting, once each', async () => {
  const packages = ckanPackages(450)
  const server = using(
    await startSourceServer((url, response) => {
      const start = Number(url.searchParams.get('start') ?? 0)
      const rows = Number(url.searchParams.get('rows'))
      const shuffled = packages.toSorted((a, b) => (a.id.slice(-1) < b.id.slice(-1) ? -1 : 1))
      sendJson(response, {
        success: true,
        result: { count: 450, results: shuffled.slice(start, start + rows) },
      })
    }),
  )
  const ledger = memoryLedger()
  await readAll(await sourceAt(server.url), ledger)
  expect(ledger.count('kept')).toBe(450)
  expect(new Set(server.answered).size).toBe(server.answered.length)
})

test('a dataset that the order of the pages hid is asked for by its identifier', async () => {
  const server = using(await startCkanServer(ckanPackages(20)))
  const ledger = memoryLedger()
  await readAll(await sourceAt(server.url), ledger)
  // Added with an old time of modification, as after a restored backup.
  const late = { ...ckanPackages(21)[20]!, metadata_modified: '2001-01-01T00:00:00.000000' }
  server.packages.set(late.id, late)
  await readAll(await sourceAt(server.url), ledger)
  expect(ledger.count('kept')).toBe(21)
  expect(server.answered.filter((path) => path.includes('package_show'))).toHaveLength(1)
})

test('a total that is far too high or too low changes nothing', async () => {
  for (const total of [0, 1e9]) {
    const server = using(await startCkanServer(ckanPackages(30)))
    server.interfere = (request, response) => {
      const isFirst = request.url!.includes('start=0')
      const results = isFirst ? [...server.packages.values()] : []
      sendJson(response, {
        success: true,
        result: { count: total, results: request.url!.includes('rows=0') ? [] : results },
      })
      return true
    }
    const ledger = memoryLedger()
    await readAll(await sourceAt(server.url), ledger)
    expect(ledger.count('kept')).toBe(30)
    expect(ledger.count('leaving')).toBe(0)
  }
})

test('resumption tokens that lead in a circle end the reading', async () => {
  const server = using(await startOaiServer(oaiRecords(30), { pageSize: 10 }))
  const source = await sourceAt(`${server.url}/oai`)
  const xml = (body: string) => `<OAI-PMH><responseDate>2026-01-01T00:00:00Z</responseDate>${body}</OAI-PMH>`
  const record = '<record><header><identifier>oai:x:1</identifier></header></record>'
  let tokens = 0
  server.interfere = (request, response) => {
    if (!request.url!.includes('ListRecords')) return false
    response.end(
      xml(`<ListRecords>${record}<resumptionToken>${tokens++ % 2}</resumptionToken></ListRecords>`),
    )
    return true
  }
  await failing(source).toThrow(/never ends: (?:its pages lead back|it lists the same)/)
  // New tokens for ever, with the same content.
  tokens = 0
  server.interfere = (request, response) => {
    if (!request.url!.includes('ListRecords')) return false
    response.end(xml(`<ListRecords>${record}<resumptionToken>t${tokens++}</resumptionToken></ListRecords>`))
    return true
  }
  await failing(source).toThrow('it lists the same datasets again and again')
  expect(tokens).toBeLessThan(10)
})

test('a repository that forgets a resumption token is read from its beginning again', async () => {
  const server = using(await startOaiServer(oaiRecords(70), { pageSize: 10 }))
  let refusals = 0
  server.interfere = (request, response) => {
    if (!request.url!.includes('resumptionToken=%7C60') || refusals++ > 0) return false
    response.end(
      '<OAI-PMH><responseDate>2026-01-01T00:00:00Z</responseDate><error code="badResumptionToken">expired</error></OAI-PMH>',
    )
    return true
  }
  const ledger = memoryLedger()
  await readAll(await sourceAt(`${server.url}/oai`), ledger)
  expect({ kept: ledger.count('kept'), refusals }).toEqual({ kept: 70, refusals: 2 })
})

test('a place that the source no longer knows on another day begins its list again', async () => {
  const server = using(await startCkanServer(ckanPackages(450)))
  const ledger = memoryLedger()
  const source = await sourceAt(server.url)
  await Array.fromAsync(readSource(source, ledger, { isFull: false, maxPending: 200 }))
  expect(ledger.pendingCount()).toBe(200)
  let refusals = 0
  server.interfere = (request, response) => {
    if (!request.url!.includes('start=200') || refusals++ > 0) return false
    response.writeHead(400).end()
    return true
  }
  await readAll(source, ledger)
  expect(ledger.count('kept')).toBe(450)
})

test('a list that led in a circle is begun again by the next run', async () => {
  const server = using(await startOaiServer(oaiRecords(30), { pageSize: 10 }))
  const source = await sourceAt(`${server.url}/oai`)
  server.interfere = (request, response) => {
    if (!request.url!.includes('resumptionToken')) return false
    response.end(
      '<OAI-PMH><ListRecords><record><header><identifier>x</identifier></header></record><resumptionToken>|10</resumptionToken></ListRecords></OAI-PMH>',
    )
    return true
  }
  const ledger = memoryLedger()
  await failing(source, ledger).toThrow('never ends')
  server.interfere = undefined
  await readAll(source, ledger)
  expect(ledger.count('kept')).toBe(30)
})

test('a repository that dates by days is asked by days, and does not write what it lists again', async () => {
  const server = using(await startOaiServer(oaiRecords(5), { granularity: 'YYYY-MM-DD' }))
  const ledger = memoryLedger()
  await readAll(await sourceAt(`${server.url}/oai`), ledger)
  server.put({ identifier: 'oai:repo.example.edu:1', title: 'Tide table 1 of the south' })
  server.answered.length = 0
  const pending = async () => {
    await Array.fromAsync(
      readSource(await sourceAt(`${server.url}/oai`), ledger, { isFull: false, maxPending: 1e9 }),
    )
    return ledger.pendingCount()
  }
  expect(await pending()).toBe(1)
  expect(server.answered[0]).toMatch(/from=\d{4}-\d\d-\d\d&|from=\d{4}-\d\d-\d\d$/)
})

test.each([
  ['a web page', '<!doctype html><html><body>Maintenance</body></html>', 'a web page'],
  [
    'an XML bomb',
    '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;">]><OAI-PMH>&c;</OAI-PMH>',
    'DOCTYPE',
  ],
  ['a deep document', `<OAI-PMH>${'<a>'.repeat(5_000)}${'</a>'.repeat(5_000)}</OAI-PMH>`, 'nested'],
  ['half a document', '<OAI-PMH><ListRecords><record>', 'not well-formed'],
])('%s instead of an answer of OAI-PMH is an error that says so', async (_, body, message) => {
  const server = using(await startOaiServer(oaiRecords(3)))
  const source = await sourceAt(`${server.url}/oai`)
  server.interfere = (_request, response) => {
    response.end(body)
    return true
  }
  const ledger = memoryLedger()
  await failing(source, ledger).toThrow(message)
  expect(ledger.pendingCount()).toBe(0)
})

test('a busy source is asked again when it says, and a web page instead of JSON is an error', async () => {
  const server = using(await startCkanServer(ckanPackages(3)))
  const answers = [429, 503]
  waits.length = 0
  server.interfere = (_request, response) => {
    const status = answers.shift()
    if (status) response.writeHead(status, { 'retry-after': '0' }).end('busy')
    return status !== undefined
  }
  const source = await sourceAt(server.url)
  const ledger = memoryLedger()
  await readAll(source, ledger)
  expect(ledger.count('kept')).toBe(3)
  expect(waits).toEqual([expect.stringContaining('answers 429'), expect.stringContaining('answers 503')])
  server.interfere = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Down for maintenance</h1>')
    return true
  }
  await failing(source).toThrow('a web page, not data')
})

const entry = (i: number) => ({
  identifier: `id-${i}`,
  title: `Levels ${i}`,
  landingPage: `https://a.example.gov/${i}`,
})
const dataJsonServer = async (text: () => string): Promise<SourceServer> =>
  using(
    await startSourceServer((_url, response, request) => {
      const etag = `"${text().length}"`
      if (request.headers['if-none-match'] === etag) return response.writeHead(304).end()
      return response.writeHead(200, { 'content-type': 'application/json', etag }).end(text())
    }),
  )

test('a data.json is asked for only if it changed, and what it no longer has is gone', async () => {
  let entries = [1, 2, 3, 4].map(entry)
  const server = await dataJsonServer(() =>
    JSON.stringify({ conformsTo: 'x', dataset: entries, after: [{ a: 1 }] }),
  )
  const ledger = memoryLedger()
  const source = await sourceAt(`${server.url}/data.json`)
  await readAll(source, ledger)
  expect(ledger.count('kept')).toBe(4)
  await readAll(source, ledger)
  expect({ kept: ledger.count('kept'), leaving: ledger.count('leaving') }).toEqual({ kept: 4, leaving: 0 })
  entries = [1, 2, 4].map(entry)
  await readAll(source, ledger)
  expect([...ledger.entries('leaving')].map(({ sourceId }) => sourceId)).toEqual(['id-3'])
  entries = [1, 2, 3, 4].map(entry)
  await readAll(source, ledger)
  expect({ kept: ledger.count('kept'), leaving: ledger.count('leaving') }).toEqual({ kept: 4, leaving: 0 })
})

test('a data.json that breaks off takes nothing away', async () => {
  const whole = JSON.stringify({ dataset: [1, 2, 3, 4].map(entry) })
  let text = whole
  const server = await dataJsonServer(() => text)
  const ledger = memoryLedger()
  const source = await sourceAt(`${server.url}/data.json`)
  await readAll(source, ledger)
  text = whole.slice(0, whole.length / 2)
  await failing(source, ledger).toThrow('breaks off')
  expect({ kept: ledger.count('kept'), leaving: ledger.count('leaving') }).toEqual({ kept: 4, leaving: 0 })
})

test('an entry that cannot be read is told once and keeps no other out', async () => {
  let entries: unknown[] = [
    entry(1),
    { identifier: 'id-2' },
    { ...entry(3), description: 'x'.repeat(4_100_000) },
    entry(4),
  ]
  const server = await dataJsonServer(() => JSON.stringify({ dataset: entries }))
  const ledger = memoryLedger()
  const source = await sourceAt(`${server.url}/data.json`)
  const problemsOf = (events: readonly ReadEvent[]) =>
    events.flatMap((event) => (event.action === 'failed' ? [event.problem] : []))
  expect(problemsOf(await readAll(source, ledger))).toEqual([
    'a dataset of a data.json needs a "title"',
    'it has more than 4000000 characters',
  ])
  expect(ledger.count('kept')).toBe(2)
  entries = [...entries, entry(5)]
  expect(problemsOf(await readAll(source, ledger))).toEqual([])
})

test('DataCite is followed by its cursor, and only within its own server', async () => {
  const dois = Array.from({ length: 5 }, (_, i) => ({
    id: `10.5072/x${i}`,
    attributes: {
      doi: `10.5072/x${i}`,
      titles: [{ title: `Series ${i}` }],
      updated: `2026-01-0${i + 1}T00:00:00Z`,
    },
  }))
  const server = using(
    await startSourceServer((url, response) => {
      const from = /updated:\[(\S+) TO/.exec(url.searchParams.get('query') ?? '')?.[1] ?? ''
      const found = dois.filter(({ attributes }) => attributes.updated >= from)
      const start = Number(url.searchParams.get('page[cursor]')) - 1
      const page = found.slice(start, start + 2)
      const next = new URL(url.href)
      next.searchParams.set('page[cursor]', String(start + 3))
      const links = { next: start + 2 < found.length ? next.href.replace('http://x', server.url) : undefined }
      sendJson(response, { data: page, meta: { total: found.length }, links })
    }),
  )
  const url = `${server.url}/dois?prefix=10.5072`
  const source = openSource(await findSource(url, ask, 'datacite'), ask)
  const ledger = memoryLedger()
  await readAll(source, ledger)
  expect(ledger.count('kept')).toBe(5)
  expect(server.answered.every((path) => path.includes('resource-type-id=dataset'))).toBe(true)
  dois.splice(1, 1)
  await readAll(source, ledger)
  expect([...ledger.entries('leaving')].map(({ sourceId }) => sourceId)).toEqual(['10.5072/x1'])
  // A link to elsewhere is asked of the same server.
  server.answered.length = 0
  server.interfere = (request, response) => {
    const isElsewhere = request.url === '/elsewhere'
    sendJson(response, {
      data: dois.slice(0, 1),
      links: isElsewhere ? {} : { next: 'http://127.0.0.1:1/elsewhere' },
    })
    return true
  }
  await readAll(source, memoryLedger())
})

test('a DCAT catalog is read over its hydra pages', async () => {
  const page = (n: number, next?: string) => ({
    '@context': { dcat: 'http://www.w3.org/ns/dcat#', dct: 'http://purl.org/dc/terms/' },
    '@type': 'dcat:Catalog',
    'dcat:dataset': [{ '@id': `https://c.example/d/${n}`, '@type': 'dcat:Dataset', 'dct:title': `Set ${n}` }],
    ...(next && { 'hydra:view': { '@type': 'hydra:PartialCollectionView', 'hydra:next': { '@id': next } } }),
  })
  const server = using(
    await startSourceServer((url, response) => {
      const n = Number(url.searchParams.get('page') ?? 1)
      sendJson(response, page(n, n < 3 ? `${server.url}/catalog?page=${n + 1}` : undefined))
    }),
  )
  const ledger = memoryLedger()
  const source = await sourceAt(`${server.url}/catalog`)
  expect(source.kind).toBe('dcat')
  await readAll(source, ledger)
  expect([...ledger.entries('kept')].map(({ sourceId }) => sourceId)).toEqual(
    [1, 2, 3].map((n) => `https://c.example/d/${n}`),
  )
})

test('a catalog that lists fewer datasets than it states has none marked as removed', async () => {
  let listed = [1, 2, 3, 4]
  const server = using(
    await startSourceServer((_url, response) => {
      const datasets = listed.map((n) => ({
        ...{ '@id': `https://c.example/d/${n}`, '@type': 'dcat:Dataset', 'dct:title': `Set ${n}` },
      }))
      sendJson(response, { '@type': 'dcat:Catalog', 'dcat:dataset': datasets, 'hydra:totalItems': 4 })
    }),
  )
  const ledger = memoryLedger()
  const source = openSource(await findSource(`${server.url}/catalog`, ask, 'dcat'), ask)
  await readAll(source, ledger)
  listed = [1, 2, 3]
  expect(await readAll(source, ledger)).toContainEqual({ action: 'incomplete', listed: 3, total: 4 })
  expect({ kept: ledger.count('kept'), leaving: ledger.count('leaving') }).toEqual({ kept: 4, leaving: 0 })
})

test('an address is recognized by its form or by what is there, and a web page is not', async () => {
  const ckan = using(await startCkanServer([]))
  const oai = using(
    await startSourceServer((url, response) => {
      if (url.pathname !== '/server/oai/request') return response.writeHead(404).end('no')
      return response.end('<OAI-PMH><Identify><granularity>YYYY-MM-DD</granularity></Identify></OAI-PMH>')
    }),
  )
  const page = using(
    await startSourceServer((_url, response) => response.end('<html><body>Welcome</body></html>')),
  )
  expect(await findSource(`${ckan.url}/organization/noaa`, ask)).toMatchObject({
    url: ckan.url,
    part: 'organization:noaa',
  })
  expect(await findSource(`${ckan.url}/`, ask)).toMatchObject({ kind: 'ckan', url: ckan.url })
  expect(await findSource(`${oai.url}/home`, ask)).toMatchObject({
    kind: 'oai-pmh',
    url: `${oai.url}/server/oai/request`,
  })
  await expect(findSource(page.url, ask)).rejects.toThrow('no source that can be recognized')
  const forms = {
    'https://zenodo.org/communities/ice': {
      kind: 'oai-pmh',
      url: 'https://zenodo.org/oai2d',
      part: 'user-ice',
    },
    'https://d.example.edu/oai?verb=ListRecords&metadataPrefix=oai_dc&set=tides': {
      ...{ kind: 'oai-pmh', url: 'https://d.example.edu/oai' },
      ...{ part: 'tides', prefix: 'oai_dc' },
    },
    'https://c.example.gov/api/3/action/package_search?fq=organization:noaa': {
      ...{ kind: 'ckan', url: 'https://c.example.gov', part: 'organization:noaa' },
    },
    'https://www.example.gov/data.json': { kind: 'data-json', url: 'https://www.example.gov/data.json' },
    'https://api.datacite.org/dois?prefix=10.5061': { kind: 'datacite' },
  }
  for (const [url, found] of Object.entries(forms)) expect(await findSource(url, ask)).toMatchObject(found)
})

test('an index of Holdfast is followed by its OAI-PMH and by its catalog', async () => {
  const index = using(await startIndex({ open: openEmbedded }))
  const alice = 'did:plc:alicealicealicealice1234'
  const puts = Array.from({ length: 120 }, (_, i) => ({
    ...{ put: 'dataset' as const, rkey: `d${i}` },
    record: { title: `Dataset ${i} <&>`, identifiers: [{ scheme: 'doi', value: `10.5072/d${i}` }] },
  }))
  await index.write(alice, puts)
  const ledger = memoryLedger()
  const source = await sourceAt(`${index.url}/oai`)
  await readAll(source, ledger)
  expect(ledger.count('kept')).toBe(120)
  const catalog = memoryLedger()
  const source2 = await sourceAt(`${index.url}/catalog`)
  expect(source2.kind).toBe('dcat')
  await readAll(source2, catalog)
  expect(catalog.count('kept')).toBe(120)
  await index.write(alice, [{ delete: 'dataset', rkey: 'd7' }])
  await readAll(source, ledger)
  expect([...ledger.entries('leaving')].map(({ sourceId }) => sourceId)).toEqual([
    expect.stringMatching(/\/d7$/),
  ])
})
