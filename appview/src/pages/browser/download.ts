/** The program that downloads a torrent's files, from its webseeds or its swarm. Every piece is checked before it is kept. */
import { type Metainfo, parseMetainfo } from '@holdfast/torrent/metainfo'
import type { PieceSpan } from '@holdfast/torrent/webseed/spans'
import { byId, element } from './elements.ts'
import { checkPiece, type FetchOptions, fetchPieces, keepPieces } from './fetch-pieces.ts'
import { type FileSink, folderSink, memorySink } from './file-sinks.ts'
import type { JoinSwarm } from './peers.ts'

const place = byId('browser-download')
if (place) start(place)

type Fetch = (metainfo: Metainfo, options: FetchOptions) => Promise<void>

function start(place: HTMLElement): void {
  const texts = place.dataset
  const message = place.querySelector('output')!
  const fromWebseeds: Fetch = (metainfo, options) => fetchPieces(metainfo, JSON.parse(texts.seeds!), options)
  const fromPeers: Fetch = async (metainfo, options) => {
    message.textContent = texts.looking ?? ''
    const { joinSwarm } = (await import(texts.peersScript!)) as { joinSwarm: JoinSwarm }
    const onPeer = () => {
      message.textContent = texts.met ?? ''
    }
    const swarm = joinSwarm(metainfo, {
      trackers: JSON.parse(texts.trackers!),
      stunServers: JSON.parse(texts.stunServers!),
      onPeer,
    })
    const pieceOf = async (span: PieceSpan) => checked(metainfo, span, await swarm.piece(span.piece))
    await keepPieces(metainfo, pieceOf, options)
  }
  place.querySelector('#from-webseeds')?.addEventListener('click', () => run(place, fromWebseeds, texts.done))
  place
    .querySelector('#from-peers')
    ?.addEventListener('click', () => run(place, fromPeers, texts.doneByPeers))
}

async function run(place: HTMLElement, fetchFiles: Fetch, done = ''): Promise<void> {
  const texts = place.dataset
  const buttons = place.querySelectorAll('button')
  const progress = place.querySelector('progress')!
  const message = place.querySelector('output')!
  for (const button of buttons) button.disabled = true
  progress.hidden = false
  try {
    // Ask for the folder first, because browsers allow it only while they handle the click.
    const sink = await openSink(Number(texts.bytes))
    if (!sink) {
      message.textContent = texts.tooLarge ?? ''
      return
    }
    const response = await fetch(texts.torrent!)
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    const metainfo = parseMetainfo(new Uint8Array(await response.arrayBuffer()))
    progress.max = metainfo.sizeBytes
    const onBytes = (bytes: number) => {
      progress.value = bytes
    }
    await fetchFiles(metainfo, { sink, onBytes })
    const saved = await sink.finish()
    message.textContent = done
    place.append(...saved.map(({ name, url }) => saveLink(name, url, texts.save ?? '')))
  } catch (error) {
    if ((error as Error).name !== 'AbortError')
      message.textContent = `${texts.failed} ${(error as Error).message}`
  } finally {
    for (const button of buttons) button.disabled = false
  }
}

/** Checks a piece by all its hashes, since WebTorrent checks only the v1 hashes of a hybrid torrent. */
function checked(metainfo: Metainfo, span: PieceSpan, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(bytes.subarray(0, span.length))
  const problem = checkPiece(metainfo, span, data)
  if (problem !== null) throw new Error(`piece ${span.piece}: ${problem}`)
  return data
}

function saveLink(name: string, url: string, save: string): HTMLElement {
  const link = element('a', { href: url, text: `${save} ${name}` })
  link.download = name
  return element('p', {}, link)
}

/** The most bytes that are kept in memory when there is no folder to write into. */
const mostInMemory = 500_000_000

async function openSink(bytes: number): Promise<FileSink | undefined> {
  const picker = (
    globalThis as { showDirectoryPicker?: (options: object) => Promise<FileSystemDirectoryHandle> }
  ).showDirectoryPicker
  if (picker) return folderSink(await picker({ mode: 'readwrite' }))
  return bytes <= mostInMemory ? memorySink() : undefined
}
