/** A message of a WebTorrent client, after it was checked. */
export type Signal =
  | {
      action: 'announce'
      infoHash: string
      peerId: string
      event: 'started' | 'completed' | 'stopped' | 'update'
      seeder: boolean
      offers: readonly { offerId: string; offer: SessionDescription }[]
    }
  | {
      action: 'answer'
      infoHash: string
      peerId: string
      toPeerId: string
      offerId: string
      answer: SessionDescription
    }
  | { action: 'scrape'; infoHashes: readonly string[] }

export interface SessionDescription {
  type: 'offer' | 'answer'
  sdp: string
}

export const mostSignalBytes = 256 * 1024
const mostOffers = 20
const mostScraped = 64
const mostSdpCharacters = 16 * 1024

/**
 * Reads one message. Hashes and ids are 20 characters of one byte each, as WebTorrent sends them.
 * @throws SignalError that says what is wrong with it
 */
export function readSignal(text: string): Signal {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    throw new SignalError('the message is not JSON')
  }
  if (!isObject(message)) throw new SignalError('the message must be a JSON object')
  if (message.action === 'scrape') return { action: 'scrape', infoHashes: readScraped(message.info_hash) }
  if (message.action !== 'announce') throw new SignalError('action must be "announce" or "scrape"')
  const infoHash = readBytes20(message.info_hash, 'info_hash')
  const peerId = readBytes20(message.peer_id, 'peer_id')
  if (message.answer !== undefined && message.answer !== null) {
    return {
      action: 'answer',
      infoHash,
      peerId,
      toPeerId: readBytes20(message.to_peer_id, 'to_peer_id'),
      offerId: readBytes20(message.offer_id, 'offer_id'),
      answer: readDescription(message.answer, 'answer'),
    }
  }
  const { event } = message
  return {
    action: 'announce',
    infoHash,
    peerId,
    event: event === 'started' || event === 'completed' || event === 'stopped' ? event : 'update',
    seeder: message.left === 0,
    offers: readOffers(message.offers),
  }
}

/** An error for a message that cannot be served; its text may be sent to the client. */
export class SignalError extends Error {
  override readonly name = 'SignalError'
}

function readOffers(offers: unknown): { offerId: string; offer: SessionDescription }[] {
  if (offers === undefined || offers === null) return []
  if (!Array.isArray(offers)) throw new SignalError('offers must be an array')
  if (offers.length > mostOffers) throw new SignalError(`at most ${mostOffers} offers a message`)
  return offers.map((each) => {
    if (!isObject(each)) throw new SignalError('an offer must be an object with offer and offer_id')
    return { offerId: readBytes20(each.offer_id, 'offer_id'), offer: readDescription(each.offer, 'offer') }
  })
}

function readScraped(value: unknown): string[] {
  const hashes = Array.isArray(value) ? value : [value]
  if (hashes.length > mostScraped) throw new SignalError(`at most ${mostScraped} torrents a scrape`)
  return hashes.map((each) => readBytes20(each, 'info_hash'))
}

function readDescription(value: unknown, type: 'offer' | 'answer'): SessionDescription {
  if (!isObject(value) || value.type !== type || typeof value.sdp !== 'string') {
    throw new SignalError(`${type} must be {"type":"${type}","sdp":"…"}`)
  }
  if (value.sdp.length > mostSdpCharacters) throw new SignalError(`${type}.sdp is too long`)
  return { type, sdp: value.sdp }
}

function readBytes20(value: unknown, name: string): string {
  if (typeof value !== 'string' || value.length !== 20) {
    throw new SignalError(`${name} must be a string of 20 characters, one for each byte`)
  }
  for (let at = 0; at < 20; at++) {
    if (value.charCodeAt(at) > 255) throw new SignalError(`${name} must hold characters up to U+00FF only`)
  }
  return value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
