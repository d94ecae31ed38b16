import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { collections, collectionsFor } from '@holdfast/lexicons/nsid'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestAccount } from '../network/accounts.ts'
import { type Network, startNetwork } from '../network/network.ts'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { startSystem } from '../system/system.ts'
import { type Json, type Person, startPerson } from './run-holdfast.ts'

const hasChromium = needs('signing in by OAuth', 'chromium')

let network: Network
let browser: Browser
beforeAll(async () => {
  if (!hasChromium) return
  network = await startNetwork({ pdsCount: 1, accounts: 2, relay: false })
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
})
afterAll(async () => {
  await browser?.close()
  await network?.[Symbol.asyncDispose]()
})

/** Signs in as a person does: the terminal shows an address, and the browser asks for a password and for consent. */
async function signIn(person: Person, account: TestAccount, ...flags: string[]) {
  const { child, ended } = person.start(
    ...['login', '--pds', account.pdsUrl, account.handle, '--no-browser', ...flags],
  )
  const url = await new Promise<string>((resolve, reject) => {
    let shown = ''
    child.stderr!.on('data', (chunk) => {
      shown += chunk
      const found = /https?:\/\/\S+(?=\s)/.exec(shown)?.[0]
      if (found) resolve(found)
    })
    child.once('close', () => reject(new Error(`no address was shown: ${shown}`)))
  })
  const page = await browser.newPage()
  await page.goto(url)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.fill('input[name=username]', account.handle)
  await page.fill('input[type=password]', account.password)
  await page.keyboard.press('Enter')
  const consent = await page.getByRole('button', { name: 'Authorize' }).elementHandle({ timeout: 30_000 })
  await consent!.click()
  await page.getByText('go back to the terminal').waitFor()
  await page.close()
  return { url, ran: await ended }
}

const sessionFile = async (person: Person) => {
  const directory = join(person.home, 'config', 'holdfast', 'sessions')
  return join(directory, (await readdir(directory)).find((name) => name.endsWith('.oauth.json'))!)
}

test.skipIf(!hasChromium)(
  'signs in by OAuth, publishes, refreshes across processes, and signs out',
  async () => {
    const account = network.accounts[0]!
    await using person = await startPerson(network)
    const { url, ran } = await signIn(person, account)
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining(`Signed in as ${account.handle}`) })
    const clientId = new URL(new URL(url).searchParams.get('client_id')!)
    const scope = clientId.searchParams.get('scope')!.split(' ')
    expect(scope).toEqual([
      'atproto',
      ...collectionsFor.publish.map((collection) => `repo:${collection}`),
      'blob:application/x-bittorrent',
      'blob:text/markdown',
    ])
    // The address without a port never changes, so that the session can be refreshed.
    expect(clientId.searchParams.get('redirect_uri')).toBe('http://127.0.0.1/callback')
    expect(await person.json('whoami')).toMatchObject({ did: account.did, method: 'oauth' })

    await writeFile(join(person.home, 'a.csv'), 'one')
    const { torrents } = await person.json(
      'publish',
      'a.csv',
      '--title',
      'By OAuth',
      '--tracker',
      'http://t.example/a',
    )
    const rkey = torrents[0].uri.split('/').at(-1)
    const { data } = await account.agent.com.atproto.repo.getRecord({
      repo: account.did,
      collection: collections.torrent,
      rkey,
    })
    expect((data.value as Json).metainfo.mimeType).toBe('application/x-bittorrent')

    const before = await expire(await sessionFile(person))
    const both = await Promise.all(['One', 'Two'].map((title) => person.run('publish', '--title', title)))
    expect(both.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ])
    const after = JSON.parse(await readFile(await sessionFile(person), 'utf8'))
    expect(after.tokenSet.refresh_token).not.toBe(before)
    expect(await person.run('publish', '--title', 'Three')).toMatchObject({ code: 0 })
    expect(await person.run('publish', '--title', 'Three', '--announce')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`holdfast login ${account.handle} --announce`),
    })

    // Copies of the files that were made before are useless afterwards.
    const directory = join(person.home, 'config', 'holdfast')
    await cp(directory, join(person.home, 'copy'), { recursive: true })
    expect(await person.run('logout')).toMatchObject({ code: 0, stderr: '' })
    expect(await person.run('whoami')).toMatchObject({ code: 4 })
    await cp(join(person.home, 'copy'), directory, { recursive: true })
    expect(await person.run('publish', '--title', 'Four')).toMatchObject({ code: 4 })
  },
)

test.skipIf(!hasChromium)('is handed parts only after the owner allowed that', async () => {
  await using directory = await scratchDirectory()
  await using system = await startSystem({ directory: directory.path, pdsCount: 1, accounts: ['olive'] })
  const account = system.network.accounts[0]!
  const env = { HOLDFAST_APPVIEW_URL: system.env.HOLDFAST_APPVIEW_URL }
  await using person = await startPerson(system.network, { env })
  await signIn(person, account)
  expect(await person.run('claim', 'next')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining(`holdfast login ${account.handle} --for gather`),
  })
  await signIn(person, account, '--for', 'gather')
  // The AppView knows who asks, and has no part to hand out.
  expect(await person.run('claim', 'next')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('NoPart'),
  })
})

test.skipIf(!hasChromium)('keeps the session if the server is down during a refresh', async () => {
  const account = network.accounts[1]!
  await using person = await startPerson(network)
  await signIn(person, account, '--announce')
  await expire(await sessionFile(person))
  await network.stopPds(0)
  expect(await person.run('publish', '--title', 'Later')).toMatchObject({ code: 5 })
  await network.restartPds(0)
  expect(await person.run('publish', '--title', 'Later', '--announce')).toMatchObject({
    ...{ code: 0, stderr: '' },
    stdout: expect.stringContaining('/app.bsky.feed.post/'),
  })
})

/** Makes the stored session believe that its access token has expired; returns its refresh token. */
async function expire(path: string): Promise<string> {
  const session = JSON.parse(await readFile(path, 'utf8'))
  session.tokenSet.expires_at = new Date(Date.now() - 60_000).toISOString()
  await writeFile(path, JSON.stringify(session))
  return session.tokenSet.refresh_token
}
