import { type Metainfo, parseMetainfo } from '@holdfast/torrent/metainfo'
import { type DatasetFields, fieldOf, slugOf, toFields, toRecord } from './dataset-record.ts'
import { byId, element } from './elements.ts'
import { fieldsOf, fill, onSubmit, showProblem } from './form.ts'
import { getRecord, putRecord, RepoError, type RepoRecord, uploadBlob } from './repo.ts'
import type { OAuthSession } from './session.ts'
import { type Settings, say } from './settings.ts'

interface DroppedTorrent {
  bytes: Uint8Array<ArrayBuffer>
  metainfo: Metainfo
}

/** Starts the form of a dataset. It is checked against the lexicon while somebody types, and written into their own repo. */
export async function startPublishing(session: OAuthSession, settings: Settings): Promise<void> {
  const form = byId<HTMLFormElement>('dataset-form')
  if (!form) return
  const uri = new URLSearchParams(location.search).get('uri')
  const existing = uri ? await getRecord(session, uri) : undefined
  if (existing) fill(form, { ...toFields(existing.value) })
  const torrent = watchTorrent(form, settings)
  const check = () => {
    const record = recordOf(form, existing, settings)
    const about = { collection: 'dataset', fieldOf, first: 'title' } as const
    // Validation reports only the first error, and a title that is still missing must not hide errors in other fields.
    return (
      showProblem(form, { ...record, title: record.title ?? '–' }, about) && showProblem(form, record, about)
    )
  }
  onSubmit(form, settings, {
    check,
    write: () => publish({ session, settings, form, existing, torrent: torrent() }),
  })
}

interface Publishing {
  session: OAuthSession
  settings: Settings
  form: HTMLFormElement
  existing: RepoRecord | undefined
  torrent: DroppedTorrent | undefined
}

async function publish({ session, settings, form, existing, torrent }: Publishing): Promise<{ uri: string }> {
  const record = recordOf(form, existing, settings)
  const written = existing
    ? await putRecord(session, {
        collection: settings.collections.dataset,
        rkey: existing.uri.split('/')[4]!,
        record,
        swap: existing.cid,
      })
    : await putNew(session, settings, { record, fields: datasetFieldsOf(form) })
  if (existing) existing.cid = written.cid
  if (torrent) await publishTorrent(session, settings, { ...torrent, dataset: written.uri })
  return written
}

/** Writes a new record. If its key is taken by another dataset, adds a suffix, so that nothing is overwritten. */
async function putNew(
  session: OAuthSession,
  settings: Settings,
  { record, fields }: { record: object; fields: DatasetFields },
): Promise<{ uri: string; cid: string }> {
  const slug = await slugOf(fields, session.sub)
  for (let i = 1; ; i++) {
    try {
      const rkey = i === 1 ? slug : `${slug}-${i}`
      return await putRecord(session, { collection: settings.collections.dataset, rkey, record, swap: null })
    } catch (error) {
      if (!(error instanceof RepoError) || error.error !== 'InvalidSwap' || i > 20) throw error
    }
  }
}

async function publishTorrent(
  session: OAuthSession,
  settings: Settings,
  { bytes, metainfo, dataset }: DroppedTorrent & { dataset: string },
): Promise<void> {
  const blob = await uploadBlob(session, bytes, 'application/x-bittorrent')
  const { infoHashV1, infoHashV2, name, sizeBytes, pieceLengthBytes, fileCount } = metainfo
  const record = {
    $type: settings.collections.torrent,
    createdAt: new Date().toISOString(),
    datasets: [{ uri: dataset }],
    name,
    sizeBytes,
    pieceLengthBytes,
    fileCount,
    ...(infoHashV1 && { infoHashV1 }),
    ...(infoHashV2 && { infoHashV2 }),
    metainfo: blob,
  }
  const rkey = (infoHashV2 ?? infoHashV1)!
  const uri = `at://${session.sub}/${settings.collections.torrent}/${rkey}`
  const before = await getRecord(session, uri).catch(() => undefined)
  // Keep the other datasets of the torrent record, since the same files may belong to several.
  const others = ((before?.value.datasets ?? []) as { uri: string }[]).filter((ref) => ref.uri !== dataset)
  const merged = { ...before?.value, ...record, datasets: [...others, { uri: dataset }] }
  await putRecord(session, {
    collection: settings.collections.torrent,
    rkey,
    record: merged,
    swap: before?.cid ?? null,
  })
}

function datasetFieldsOf(form: HTMLFormElement): DatasetFields {
  return fieldsOf(form) as unknown as DatasetFields
}

function recordOf(
  form: HTMLFormElement,
  existing: RepoRecord | undefined,
  settings: Settings,
): Record<string, unknown> {
  const before = existing?.value ?? {
    $type: settings.collections.dataset,
    createdAt: new Date().toISOString(),
  }
  return toRecord(datasetFieldsOf(form), before)
}

/** Reads a chosen or dropped `.torrent` in the browser, before anything is sent. Returns a function that gives the current one. */
function watchTorrent(form: HTMLFormElement, { texts }: Settings): () => DroppedTorrent | undefined {
  const input = form.elements.namedItem('torrent') as HTMLInputElement
  const summary = byId('torrent-summary')!
  let current: DroppedTorrent | undefined
  async function read(file: File | undefined): Promise<void> {
    current = undefined
    summary.replaceChildren()
    if (!file) return
    try {
      const bytes = new Uint8Array(await file.arrayBuffer())
      const metainfo = parseMetainfo(bytes)
      current = { bytes, metainfo }
      summary.replaceChildren(...describe(metainfo, texts))
    } catch (error) {
      summary.replaceChildren(
        element('p', { class: 'problem', text: say(texts, 'badTorrent', (error as Error).message) }),
      )
    }
  }
  input.addEventListener('change', () => read(input.files?.[0]))
  form.addEventListener('dragover', (event) => event.preventDefault())
  form.addEventListener('drop', (event) => {
    event.preventDefault()
    read(event.dataTransfer?.files[0])
  })
  return () => current
}

function describe(metainfo: Metainfo, texts: Settings['texts']): Node[] {
  const facts = [
    [texts.name, metainfo.name],
    [texts.files, String(metainfo.fileCount)],
    [texts.bytes, metainfo.sizeBytes.toLocaleString(document.documentElement.lang)],
    ['v1', metainfo.infoHashV1],
    ['v2', metainfo.infoHashV2],
  ]
  const list = element('dl', { class: 'fields' })
  for (const [name, value] of facts) {
    if (value)
      list.append(element('div', {}, element('dt', { text: name ?? '' }), element('dd', { text: value })))
  }
  return [list]
}
