/** The files of a torrent from its webseeds, every piece checked before a byte of it is kept. */
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { byId, element } from './elements.ts'
import { fetchPieces } from './fetch-pieces.ts'
import { type FileSink, folderSink, memorySink } from './file-sinks.ts'

const place = byId('browser-download')
const button = place?.querySelector('button')
if (place && button) start(place, button)

function start(place: HTMLElement, button: HTMLButtonElement): void {
  const texts = place.dataset
  const progress = place.querySelector('progress')!
  const message = place.querySelector('output')!
  button.addEventListener('click', async () => {
    button.disabled = true
    progress.hidden = false
    try {
      // The folder is chosen first: browsers ask for it only while they handle the click.
      const sink = await openSink(Number(texts.bytes))
      if (!sink) {
        message.textContent = texts.tooLarge ?? ''
        return
      }
      const response = await fetch(texts.torrent!)
      if (!response.ok) throw new Error(`HTTP ${response.status}`)
      const metainfo = parseMetainfo(new Uint8Array(await response.arrayBuffer()))
      progress.max = metainfo.sizeBytes
      await fetchPieces(metainfo, JSON.parse(texts.seeds!), {
        sink,
        onBytes: (bytes) => {
          progress.value = bytes
        },
      })
      const saved = await sink.finish()
      message.textContent = texts.done ?? ''
      place.append(...saved.map(({ name, url }) => saveLink(name, url, texts.save ?? '')))
    } catch (error) {
      if ((error as Error).name !== 'AbortError')
        message.textContent = `${texts.failed} ${(error as Error).message}`
    } finally {
      button.disabled = false
    }
  })
}

function saveLink(name: string, url: string, save: string): HTMLElement {
  const link = element('a', { href: url, text: `${save} ${name}` })
  link.download = name
  return element('p', {}, link)
}

/** Without a folder to write into, files are held in memory: no more than this. */
const mostInMemory = 500_000_000

async function openSink(bytes: number): Promise<FileSink | undefined> {
  const picker = (
    globalThis as { showDirectoryPicker?: (options: object) => Promise<FileSystemDirectoryHandle> }
  ).showDirectoryPicker
  if (picker) return folderSink(await picker({ mode: 'readwrite' }))
  return bytes <= mostInMemory ? memorySink() : undefined
}
