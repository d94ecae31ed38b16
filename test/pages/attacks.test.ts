/** Tests that a page shows the content of every field of every record as text. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { addresses, markup } from './attacks.ts'
import { htmlErrors, watch } from './audit.ts'
import { startBrowser } from './browser.ts'
import { datasets } from './sample/datasets.ts'
import { fillSample, library, type Sample, volunteer } from './sample/sample.ts'
import { putRecord } from './sample/write.ts'
import { type Site, startSite } from './site.ts'

describe.skipIf(!needs('attacks on readers', 'chromium'))('pages with attacks in records', () => {
  let site: Site
  let sample: Sample
  let browser: Awaited<ReturnType<typeof startBrowser>>
  let attacked: string[]
  const stack = new AsyncDisposableStack()
  beforeAll(async () => {
    site = stack.use(await startSite())
    const directory = stack.use(await scratchDirectory())
    sample = await fillSample(site.catalog, directory.path)
    attacked = await attackEverything(site, sample)
    browser = stack.use(await startBrowser())
  })
  afterAll(() => stack.disposeAsync())

  test('run, load and show nothing that an attacker wrote', async () => {
    await using context = await browser.newContext()
    const watched = watch(context, site.url)
    const page = await context.newPage()
    const found: string[] = []
    for (const path of attacked) {
      const response = await page.goto(site.url + path)
      expect(response?.status(), path).toBe(200)
      for (const intruder of (await page.evaluate(intruders)) as string[]) found.push(`${path} ${intruder}`)
    }
    expect(found).toEqual([])
    expect(watched).toEqual({ strangers: [], complaints: [], dialogs: [] })
  })

  test('are still valid HTML', async () => {
    const errors: string[] = []
    for (const path of attacked) {
      const response = await fetch(site.url + path, { headers: { accept: 'text/html' } })
      for (const error of await htmlErrors(await response.text())) errors.push(`${path} ${error}`)
    }
    expect([...new Set(errors)].slice(0, 20)).toEqual([])
  })

  test('treat the query as text of a stranger, too', async () => {
    await using context = await browser.newContext()
    const watched = watch(context, site.url)
    const page = await context.newPage()
    for (const text of markup.slice(0, 12)) {
      for (const path of [
        '/search?q=',
        '/search?keyword=',
        '/record?uri=',
        '/search?author=x&publisher=',
        '/nothing?',
      ]) {
        await page.goto(site.url + path + encodeURIComponent(text.toWellFormed()))
        expect(await page.evaluate(intruders), path + text).toEqual([])
      }
    }
    expect({ ...watched, complaints: [] }).toEqual({ strangers: [], complaints: [], dialogs: [] })
  })

  test('have a policy that would stop what was not escaped', async () => {
    await using context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(site.url)
    await page.evaluate(`
      var pwned = false
      document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="pwned = true"><a id=evil href="javascript:pwned = true">x</a>')
      const script = document.createElement('script')
      script.textContent = 'pwned = true'
      document.body.append(script)
      document.getElementById('evil').click()`)
    const blocked = page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective))
      const image = document.createElement('img')
      image.src = 'https://evil.example/pixel'
      document.body.append(image)
    })`)
    expect(await blocked).toBe('img-src')
    expect(await page.evaluate('pwned')).toBe(false)
  })
})

/** Lists every element, attribute and link of a page that its templates never make. */
const intruders = `(() => {
  const found = []
  const allowed = new Set('html head meta title link script body header footer main nav a span svg path text circle form label input button select option ul ol li p h1 h2 h3 h4 h5 h6 section article aside div details summary dl dt dd time bdi code pre small strong em table thead tbody tr th td figure figcaption img br hr blockquote s noscript'.split(' '))
  for (const element of document.querySelectorAll('*')) {
    const name = element.localName
    if (!allowed.has(name)) found.push('<' + name + '>')
    if (name === 'script' && !(element.src.startsWith(location.origin + '/assets/') || element.type === 'application/ld+json')) found.push('script ' + element.outerHTML)
    if (name === 'img' && !element.src.startsWith(location.origin + '/')) found.push('img ' + element.src)
    // A page refers to itself by the public address of the site.
    const known = [location.origin + '/', 'http://localhost:' + location.port + '/']
    if (name === 'link' && !known.some((site) => element.href.startsWith(site))) found.push('link ' + element.href)
    if (name === 'noscript' && !/^<(link rel="stylesheet" href="[^"]*\\/assets\\/|p class="alert note">)/.test(element.textContent.trim())) found.push('noscript ' + element.textContent)
    if (name === 'form' && !element.action.startsWith(location.origin + '/')) found.push('form ' + element.action)
    for (const { name: attribute } of element.attributes) if (/^(on|style$|srcdoc$|formaction$|background$|ping$)/.test(attribute)) found.push(attribute)
    if (name === 'a' && !/^(https?:|mailto:|magnet:)/.test(element.href)) found.push('a ' + element.href)
  }
  if (globalThis.pwned) found.push('something ran')
  return found
})()`

/** Writes records with an attack in every text, and then in every address; returns the pages that show them. */
async function attackEverything({ catalog }: Site, sample: Sample): Promise<string[]> {
  const paths: string[] = []
  const [model] = datasets(sample.datasets).map(({ value }) => value())
  const dataset = { ...model, sensitivity: { kind: 'x', note: 'x' }, contacts: [{ name: 'x', email: 'x' }] }
  const whole = { ...dataset, labels: { $type: 'com.atproto.label.defs#selfLabels', values: [{ val: 'x' }] } }
  for (const [i, attack] of [...markup, ...addresses].entries()) {
    const rkey = `attack-${i}`
    const hostile = isAddress(attack) ? withAddresses(whole, attack) : withTexts(whole, attack)
    const uri = await putRecord(catalog, {
      did: volunteer.did,
      collection: 'dataset',
      rkey,
      value: hostile as object,
    })
    paths.push(`/dataset/${volunteer.did}/${rkey}`)
    await putRecord(catalog, {
      did: library.did,
      collection: 'assessment',
      rkey: `3m4attack${String(i).padStart(4, '2')}`,
      value: {
        subject: { uri },
        risk: {
          level: 'endangered',
          reason: attack,
          evidence: [{ url: attack, title: attack, archivedUrl: attack }],
          expectedGone: attack,
        },
        scarcity: attack,
        note: attack,
        evidence: [{ url: attack, title: attack }],
        assessedAt: '2026-11-02T10:00:00Z',
      },
    })
    const infoHashV1 = String(i).padStart(40, 'c')
    await putRecord(catalog, {
      did: volunteer.did,
      collection: 'torrent',
      rkey,
      value: {
        name: attack,
        infoHashV1,
        datasets: [{ uri }],
        method: attack,
        tool: attack,
        captured: attack,
        formats: [{ mediaType: attack, conformsTo: attack }],
        trackers: [{ url: attack }],
        webseeds: [{ url: attack, kind: 'bep19' }],
        supersedes: { uri: attack },
      },
    })
    await putRecord(catalog, {
      did: library.did,
      collection: 'webseed',
      rkey: `3m4seed${String(i).padStart(6, '2')}`,
      value: { subject: { infoHashV1 }, url: attack, kind: 'bep19', note: attack },
    })
    paths.push(`/torrent/${infoHashV1}`)
  }
  await putRecord(catalog, {
    did: volunteer.did,
    collection: 'profile',
    rkey: 'self',
    value: { displayName: markup[0], description: markup.join('\n\n'), url: addresses[0], kind: markup[1] },
  })
  return [...paths, `/account/${volunteer.did}`, '/', '/search', '/search?q=onerror', '/needs']
}

function isAddress(attack: string): boolean {
  return addresses.includes(attack)
}

/** Every string of a record except those whose format a lexicon prescribes. */
function withTexts(value: unknown, attack: string, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withTexts(item, attack, key))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, withTexts(part, attack, name)]),
    )
  return typeof value === 'string' && !held.has(key) ? attack : value
}

const held = new Set([
  '$type',
  'url',
  'uri',
  'homepage',
  'archivedUrl',
  'conformsTo',
  'createdAt',
  'lastSeenAt',
  'at',
  'tag',
  'did',
])

/** Every address in a record. */
function withAddresses(value: unknown, attack: string, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withAddresses(item, attack, key))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, withAddresses(part, attack, name)]),
    )
  if (key === 'description') return `[click](${attack}) <${attack}> ![pixel](${attack})`
  return ['url', 'homepage', 'archivedUrl', 'value'].includes(key) ? attack : value
}
