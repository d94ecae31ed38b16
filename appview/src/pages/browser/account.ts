/** The program of the pages for publishing: signing in, the forms, and the list of one's records. */

import { assessmentForm } from './assessment-record.ts'
import { byId, element, tell } from './elements.ts'
import { startRecordForm } from './form.ts'
import { startMyRecords } from './my-records.ts'
import { attachPicture, watchPicture } from './picture.ts'
import { profileForm } from './profile-record.ts'
import { startPublishing } from './publish.ts'
import { handleOf } from './repo.ts'
import {
  createClient,
  keepSignedIn,
  type OAuthSession,
  redirectPath,
  restore,
  signIn,
  takeReturnPath,
} from './session.ts'
import { readSettings, say } from './settings.ts'
import { torrentForm } from './torrent-record.ts'
import { startWebseed } from './webseed.ts'

const settings = readSettings()
const { texts } = settings

// A loopback client must use the IP address and not the name (atproto OAuth, "localhost client").
if (location.hostname === 'localhost') location.replace(location.href.replace('//localhost', '//127.0.0.1'))
else {
  await start().catch((error) => tell(say(texts, 'failed', (error as Error).message), 'bad'))
  // The space that was reserved on the page is filled now, or not needed.
  document.documentElement.classList.remove('signed-in-before')
}

async function start(): Promise<void> {
  const client = await createClient(settings)
  if (location.pathname === redirectPath) {
    await client.init()
    location.replace(takeReturnPath())
    return
  }
  const session = await restore(client)
  keepSignedIn(session !== undefined)
  if (!session) return showSignIn(client)
  await showAccount(session)
  await startForms(session)
}

async function showAccount(session: OAuthSession): Promise<void> {
  byId('sign-in')?.remove()
  const name = byId('signed-in-name')
  if (name) name.textContent = (await handleOf(session)) ?? session.sub
  byId('signed-in')?.removeAttribute('hidden')
  byId('sign-out')?.addEventListener('click', async () => {
    await session.signOut().catch(() => {})
    keepSignedIn(false)
    location.reload()
  })
}

/** Starts the form of the page; each page has one. */
async function startForms(session: OAuthSession): Promise<void> {
  startWebseed(session, settings)
  const profile = byId<HTMLFormElement>('profile-form')
  if (profile) watchPicture(profile, settings)
  await Promise.all([
    startPublishing(session, settings),
    startMyRecords(session, settings),
    startRecordForm(session, settings, {
      id: 'profile-form',
      collection: 'profile',
      rkey: 'self',
      recordForm: profileForm,
      attach: attachPicture,
    }),
    startRecordForm(session, settings, {
      id: 'assessment-form',
      collection: 'assessment',
      recordForm: assessmentForm,
    }),
    startRecordForm(session, settings, {
      id: 'torrent-form',
      collection: 'torrent',
      onlyChange: true,
      recordForm: torrentForm,
    }),
  ])
}

function showSignIn(client: Awaited<ReturnType<typeof createClient>>): void {
  const form = byId<HTMLFormElement>('sign-in')
  if (!form) return
  // The button is disabled until now: without the script, sending the form would only reload the page.
  form.querySelector('button')!.disabled = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const { account = '' } = Object.fromEntries(new FormData(form)) as Record<string, string>
    tell(say(texts, 'leaving'))
    try {
      await signIn(client, settings, account)
    } catch (error) {
      tell(
        say(texts, 'noSignIn', (error as Error).message),
        'bad',
        element('span', { text: say(texts, 'signInHint') }),
      )
    }
  })
}
