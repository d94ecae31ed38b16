import type { BlobRef } from '@atproto/api'
import type { Browser, Page } from 'playwright-core'
import { waitFor } from '../network/wait-for.ts'
import { signInAtPds } from '../pages/sign-in.ts'
import { publishTorrent, putRecord } from '../system/publish.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { type System, startSystem } from '../system/system.ts'
import { query } from '../system/xrpc.ts'
import { takePicture, themes, widths } from './pictures.ts'

/** Each page, by the name of its screenshot, over what {@link publishSomething} published; it is ready when this shows. */
const pages = {
  'in-publish': { path: () => '/publish', ready: '#dataset-form' },
  'in-publish-es': { path: () => '/publish?lang=es', ready: '#dataset-form' },
  'in-edit': { path: ({ dataset }: Published) => `/publish?${asked(dataset)}`, ready: '#dataset-form' },
  'in-webseed': { path: () => `/publish/webseed?infoHash=${'a'.repeat(64)}`, ready: '#webseed-form' },
  'in-profile': { path: () => '/publish/profile', ready: '#profile-form' },
  'in-assessment': {
    path: ({ dataset }: Published) => `/publish/assessment?${new URLSearchParams({ subject: dataset })}`,
    ready: '#assessment-form',
  },
  'in-torrent': {
    path: ({ torrent }: Published) => `/publish/torrent?${asked(torrent)}`,
    ready: '#torrent-form',
  },
  'in-torrent-none': { path: () => '/publish/torrent', ready: 'h1' },
  'in-my-records': { path: () => '/my', ready: '#my-records[aria-busy=false]' },
  'in-my-records-es': { path: () => '/my?lang=es', ready: '#my-records[aria-busy=false]' },
  'in-account': {
    path: ({ dataset }: Published) => `/account/${dataset.split('/')[2]}`,
    ready: 'img.portrait',
  },
  'in-status': { path: () => '/status', ready: 'main' },
  'in-status-es': { path: () => '/status?lang=es', ready: 'main' },
  'in-record-rejected': { path: ({ rejected }: Published) => `/record?${asked(rejected)}`, ready: 'main' },
  'in-record-rejected-es': {
    path: ({ rejected }: Published) => `/record?${asked(rejected)}&lang=es`,
    ready: 'main',
  },
} as const

type Name = keyof typeof pages
export const signedInNames = Object.keys(pages) as Name[]

interface Published {
  dataset: string
  torrent: string
  rejected: string
}

const asked = (uri: string) => new URLSearchParams({ uri })

/** Takes the pages of a user who is signed in at their own server and has published before. */
export async function takeSignedIn(
  browser: Browser,
  { directory, names }: { directory: string; names: readonly Name[] },
): Promise<void> {
  await using files = await scratchDirectory()
  await using system = await startSystem({ directory: files.path, accounts: ['alice'], pdsCount: 1 })
  const site = `http://127.0.0.1:${system.appView.port}`
  const published = await publishSomething(system, { site, directory: files.path })
  await using context = await browser.newContext({ locale: 'en-GB' })
  const page = await context.newPage()
  await signIn(page, { site, account: system.network.accounts[0]! })
  for (const theme of themes) {
    await page.emulateMedia({ colorScheme: theme })
    for (const size of ['wide', 'narrow'] as const) {
      await page.setViewportSize({ width: widths[size], height: 900 })
      for (const name of names) {
        await page.goto(site + pages[name].path(published))
        await page.locator(pages[name].ready).waitFor()
        await page.waitForLoadState('networkidle')
        await takePicture(page, { name, directory, theme, size })
      }
    }
  }
}

async function signIn(
  page: Page,
  { site, account }: { site: string; account: System['network']['accounts'][number] },
): Promise<void> {
  await page.goto(`${site}/publish`)
  await page.locator('#account').fill(account.pdsUrl)
  await page.locator('#sign-in button').click()
  await page.waitForURL((url) => url.origin === new URL(account.pdsUrl).origin)
  await signInAtPds(page, account)
  await page.locator('#dataset-form').waitFor()
}

/** A sun over plains, as a PNG of sixteen pixels. */
async function uploadPicture({ agent }: System['network']['accounts'][number]): Promise<BlobRef> {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAI0lEQVR42mPo33EDiD4d9AOSDBAOBDFk9/kBEZAFJKEcCAIAJDAb6wTsjqgAAAAASUVORK5CYII=',
    'base64',
  )
  return (await agent.com.atproto.repo.uploadBlob(png, { encoding: 'image/png' })).data.blob
}

/** Publishes a dataset with a torrent, a profile, and a record that this index rejects. */
async function publishSomething(
  { network }: System,
  { site, directory }: { site: string; directory: string },
): Promise<Published> {
  const account = network.accounts[0]!
  const record = {
    title: 'Soil pits of the river plains',
    description: 'Profiles of 1,200 pits.',
    keywords: [{ name: 'soil' }],
    risk: { level: 'endangered', reason: 'The bureau closes.', expectedGone: '2027-06' },
  }
  const dataset = await putRecord(account, { collection: 'dataset', rkey: 'soil-pits', record })
  const { uri: torrent } = await publishTorrent(account, { directory, datasets: [{ uri: dataset }] })
  const profile = {
    displayName: 'Alice of the pits',
    kind: 'person',
    description: 'I dig.',
    avatar: await uploadPicture(account),
  }
  await putRecord(account, { collection: 'profile', rkey: 'self', record: profile })
  const rejected = await putRecord(account, { collection: 'dataset', rkey: 'wrong', record: { title: 7 } })
  const isRefused = async () =>
    (await query<{ status: string }>(site, 'getRecordStatus', { uri: rejected })).status === 'rejected'
  await waitFor(isRefused, { what: 'the rejection' })
  return { dataset, torrent, rejected }
}
