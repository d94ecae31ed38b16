/** A form for one record: it is filled from the record, and checked against its lexicon while somebody types. */
import { collections } from '@holdfast/lexicons/nsid'
import { validateRecordJson } from '@holdfast/lexicons/validate'
import { byId, element, pathHere, tell } from './elements.ts'
import type { Fields, RecordForm } from './fields.ts'
import { createRecord, getRecord, putRecord, RepoError, type RepoRecord } from './repo.ts'
import type { OAuthSession } from './session.ts'
import { type Settings, say } from './settings.ts'

export type Collection = keyof Settings['collections']

export function fieldsOf(form: HTMLFormElement): Fields {
  return Object.fromEntries(new FormData(form)) as Record<string, string>
}

export function fill(form: HTMLFormElement, fields: Fields): void {
  for (const [name, value] of Object.entries(fields)) {
    const input = form.elements.namedItem(name)
    // Add a value that is not among the options, so that opening the form does not lose it.
    if (input instanceof HTMLSelectElement && ![...input.options].some((option) => option.value === value))
      input.append(new Option(value, value))
    if (
      input instanceof HTMLInputElement ||
      input instanceof HTMLTextAreaElement ||
      input instanceof HTMLSelectElement
    )
      input.value = value
  }
}

/** Shows the first error of validation by the lexicon at the field it is about, or else at `first`. Returns true when there is none. */
export function showProblem(
  form: HTMLFormElement,
  record: Readonly<Record<string, unknown>>,
  about: { collection: Collection; fieldOf: RecordForm['fieldOf']; first: string },
): boolean {
  for (const shown of form.querySelectorAll('.problem')) shown.textContent = ''
  for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid')
  const $type = collections[about.collection]
  const checked = validateRecordJson($type, { ...record, $type })
  if (checked.ok) return true
  const name = about.fieldOf(checked.field) ?? about.first
  const input = form.elements.namedItem(name)
  const place = byId(`${name}-problem`)
  if (place) place.textContent = checked.message
  if (input instanceof HTMLElement) input.setAttribute('aria-invalid', 'true')
  return false
}

/** When the form is sent and `check` finds no error, runs `write` and shows the result. */
export function onSubmit(
  form: HTMLFormElement,
  settings: Settings,
  { check, write }: { check(): boolean; write(): Promise<{ uri: string }> },
): void {
  const { texts } = settings
  form.addEventListener('input', check)
  form.hidden = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (!check()) return
    const button = form.querySelector<HTMLButtonElement>('button[type=submit]')!
    button.disabled = true
    try {
      tell(say(texts, 'writing'))
      const { uri } = await write()
      const href = pathHere('/record', { uri })
      tell(say(texts, 'written'), 'good', element('a', { text: say(texts, 'seeStatus'), href }))
    } catch (error) {
      tell(say(texts, 'failed', (error as Error).message), 'bad')
    } finally {
      button.disabled = false
    }
  })
}

export interface RecordFormOptions {
  /** The id of the form's element. */
  id: string
  collection: Collection
  rkey?: string
  onlyChange?: boolean
  recordForm: RecordForm
  /** Makes further fields of the record when the form is sent; undefined ones are removed from it. */
  attach?: (
    form: HTMLFormElement,
    session: OAuthSession,
    settings: Settings,
  ) => Promise<Readonly<Record<string, unknown>>>
}

/**
 * Starts the form of a profile, an assessment or a torrent. It changes the record that `?uri=` names or that has the key
 * `rkey`. Without one it writes a new record, with that key or one that the server chooses, unless `onlyChange`.
 */
export async function startRecordForm(
  session: OAuthSession,
  settings: Settings,
  { id, collection, rkey, onlyChange = false, recordForm, attach }: RecordFormOptions,
): Promise<void> {
  const form = byId<HTMLFormElement>(id)
  if (!form) return
  const nsid = settings.collections[collection]
  const asked = new URLSearchParams(location.search).get('uri')
  const uri = asked ?? (rkey && `at://${session.sub}/${nsid}/${rkey}`)
  let existing = uri ? await findRecord(session, uri) : undefined
  if (onlyChange && !existing) return tell(say(settings.texts, 'noSuchRecord'), 'bad')
  if (existing) fill(form, recordForm.toFields(existing.value))
  showWhatDependsOn(form, existing)
  const record = () =>
    recordForm.toRecord(
      fieldsOf(form),
      existing?.value ?? { $type: nsid, createdAt: new Date().toISOString() },
    )
  const first = (form.elements[0] as HTMLInputElement).name
  const check = () => showProblem(form, record(), { collection, fieldOf: recordForm.fieldOf, first })
  const write = async (): Promise<RepoRecord> => {
    const value = { ...record(), ...(await attach?.(form, session, settings)) }
    const key = existing ? existing.uri.split('/')[4] : rkey
    const written = key
      ? await putRecord(session, { collection: nsid, rkey: key, record: value, swap: existing?.cid ?? null })
      : await createRecord(session, { collection: nsid, record: value })
    existing = { ...written, value }
    showWhatDependsOn(form, existing)
    return existing
  }
  onSubmit(form, settings, { check, write })
}

/** Shows the parts of a form that are only for records with a certain field, which `data-for` names. */
function showWhatDependsOn(form: HTMLFormElement, record: RepoRecord | undefined): void {
  for (const part of form.querySelectorAll<HTMLElement>('[data-for]'))
    part.hidden = record?.value[part.dataset.for!] === undefined
}

async function findRecord(session: OAuthSession, uri: string): Promise<RepoRecord | undefined> {
  try {
    return await getRecord(session, uri)
  } catch (error) {
    if (error instanceof RepoError && error.error === 'RecordNotFound') return undefined
    throw error
  }
}
