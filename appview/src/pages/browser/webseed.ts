import { collections } from '@holdfast/lexicons/nsid'
import { validateRecordJson } from '@holdfast/lexicons/validate'
import { byId, element, pathHere, tell } from './elements.ts'
import { createRecord } from './repo.ts'
import type { OAuthSession } from './session.ts'
import { type Settings, say } from './settings.ts'

/** The form that adds a webseed to content. */
export function startWebseed(session: OAuthSession, settings: Settings): void {
  const form = byId<HTMLFormElement>('webseed-form')
  if (!form) return
  form.hidden = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const {
      infoHash = '',
      url = '',
      note = '',
    } = Object.fromEntries(new FormData(form)) as Record<string, string>
    const hash = infoHash.trim().toLowerCase()
    const record = {
      $type: settings.collections.webseed,
      createdAt: new Date().toISOString(),
      subject: hash.length === 64 ? { infoHashV2: hash } : { infoHashV1: hash },
      url: url.trim(),
      kind: 'bep19',
      ...(note.trim() && { note: note.trim() }),
    }
    const checked = validateRecordJson(collections.webseed, { ...record, $type: collections.webseed })
    if (!checked.ok) return tell(checked.message, 'bad')
    try {
      const { uri } = await createRecord(session, { collection: settings.collections.webseed, record })
      const link = element('a', {
        text: say(settings.texts, 'seeStatus'),
        href: pathHere('/record', { uri }),
      })
      tell(say(settings.texts, 'written'), 'good', link)
    } catch (error) {
      tell(say(settings.texts, 'failed', (error as Error).message), 'bad')
    }
  })
}
