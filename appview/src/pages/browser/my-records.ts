import { byId, element, pathHere, tell } from './elements.ts'
import { deleteRecord, listRecords, type RepoRecord } from './repo.ts'
import type { OAuthSession } from './session.ts'
import { type Settings, say } from './settings.ts'

interface Status {
  status: string
  reason?: string
  message?: string
  warnings: { code: string; message?: string }[]
}

/** Lists the person's records of our collections, each with its status in this index. */
export async function startMyRecords(session: OAuthSession, settings: Settings): Promise<void> {
  const place = byId('my-records')
  if (!place) return
  place.hidden = false
  // Show each list complete and in order, so that nothing moves once it is shown.
  let shown = Promise.resolve()
  let count = 0
  for (const [kind, collection] of Object.entries(settings.collections)) {
    for await (const record of listRecords(session, collection)) {
      const item = recordItem(session, settings, { kind, record })
      shown = shown.then(async () => place.append(await item))
      count += 1
    }
  }
  await shown
  if (count === 0) place.append(element('li', { class: 'empty', text: say(settings.texts, 'noRecords') }))
  place.setAttribute('aria-busy', 'false')
}

async function recordItem(
  session: OAuthSession,
  settings: Settings,
  { kind, record }: { kind: string; record: RepoRecord },
): Promise<HTMLElement> {
  const { texts } = settings
  const title = titleOf(record)
  const status = element('div')
  const actions = element('p', { class: 'buttons' })
  const item = element(
    'li',
    {},
    element('span', { class: 'handle', text: say(texts, `kind-${kind}`) }),
    ' ',
    element('a', { href: pathHere('/record', { uri: record.uri }) }, element('bdi', { text: title })),
    status,
    actions,
  )
  const form = forms[kind]
  if (form) {
    const href = pathHere(form, { uri: record.uri })
    actions.append(element('a', { class: 'button quiet', text: say(texts, 'edit'), href }))
  }
  actions.append(deleteButton(session, settings, { record, item, title }))
  await showStatus(settings, record.uri, status)
  return item
}

/** The page on which each kind of record is changed. */
const forms: Readonly<Record<string, string>> = {
  dataset: '/publish',
  torrent: '/publish/torrent',
  assessment: '/publish/assessment',
  profile: '/publish/profile',
}

/** A button that deletes a record when it is pressed a second time; its label asks for that. */
function deleteButton(
  session: OAuthSession,
  { texts }: Settings,
  { record, item, title }: { record: RepoRecord; item: HTMLElement; title: string },
): HTMLButtonElement {
  const button = element('button', { class: 'quiet', text: say(texts, 'delete') })
  button.type = 'button'
  button.setAttribute('aria-label', `${say(texts, 'delete')}: ${title}`)
  let isSure = false
  button.addEventListener('click', async () => {
    if (!isSure) {
      isSure = true
      button.textContent = say(texts, 'reallyDelete')
      button.setAttribute('aria-label', `${say(texts, 'reallyDelete')}: ${title}`)
      return
    }
    button.disabled = true
    try {
      await deleteRecord(session, record.uri)
      item.remove()
      tell(say(texts, 'deleted', title), 'good')
    } catch (error) {
      button.disabled = false
      tell(say(texts, 'failed', (error as Error).message), 'bad')
    }
  })
  return button
}

async function showStatus({ statusMethod, texts }: Settings, uri: string, place: HTMLElement): Promise<void> {
  const response = await fetch(`/xrpc/${statusMethod}?${new URLSearchParams({ uri })}`).catch(() => undefined)
  if (!response?.ok) {
    place.textContent = say(texts, 'noStatus')
    return
  }
  const { status, reason, message, warnings } = (await response.json()) as Status
  const tone = status === 'indexed' ? 'good' : status === 'rejected' || status === 'hidden' ? 'bad' : 'note'
  place.replaceChildren(
    element('span', { class: `badge ${tone}`, text: texts[`status-${status}`] ?? status }),
  )
  if (reason) place.append(' ', texts[`reason-${reason}`] ?? reason)
  if (message) place.append(messageOf(message))
  for (const warning of warnings)
    place.append(
      element('p', {
        class: 'alert note',
        text: texts[`warning-${warning.code}`] ?? warning.message ?? warning.code,
      }),
    )
}

/** A message of the index, which is in English. */
function messageOf(text: string): HTMLElement {
  const message = element('p', { class: 'hint', text })
  message.lang = 'en'
  return message
}

function titleOf({ value, uri }: RepoRecord): string {
  for (const name of ['title', 'name', 'displayName', 'url']) {
    const text = value[name]
    if (typeof text === 'string' && text !== '') return text.slice(0, 200)
  }
  return uri.split('/').at(-1)!
}
