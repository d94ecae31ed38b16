import { header, type SwarmMemory } from './memory.ts'
import { householdsASite, nearness } from './neighbors.ts'
import type { NewPeer, PeerLists } from './peer-list.ts'

/**
 * Limits how many peers an address may have, because ports cost nothing: peers of a swarm that share an IPv4 address or
 * a /64 are limited, a /48 may have four times as many, and over all swarms none of these may use more than an eighth
 * of the memory.
 */
export class Crowding {
  readonly #words: Int32Array
  readonly #mostPeersASite: number

  constructor(memory: SwarmMemory) {
    this.#words = memory.words
    this.#mostPeersASite = Math.ceil(memory.capacity.peerBytes / 8 / bytesAPeer)
  }

  /**
   * Makes room for a peer that is not in `list` yet. If its address has reached the limit, the peer of that address
   * with the oldest announce is dropped, so that a client that returns on another port is found under that port.
   * @returns false if the new peer must not be added
   */
  admit(lists: PeerLists, list: number, peer: NewPeer): boolean {
    const words = this.#words
    const household = words[header.peersPerAddress]!
    let [near, far] = [0, 0]
    let [oldestNear, oldestFar] = [-1, -1]
    let [ageNear, ageFar] = [-1, -1]
    for (let at = lists.firstNear(list, peer.address); at >= 0; at = lists.nextNear(list, at)) {
      const word = lists.at(list, at)
      const how = nearness(words, word, peer.address, lists.addressWords)
      if (how === 0) continue
      const age = ageAt(peer.tick, lists.tickAt(word))
      far++
      if (age > ageFar) [ageFar, oldestFar] = [age, at]
      if (how === 1) continue
      near++
      if (age > ageNear) [ageNear, oldestNear] = [age, at]
    }
    const crowded = near >= household || far >= household * householdsASite
    const leaving = near >= household ? oldestNear : oldestFar
    const full = !crowded && words[lists.siteCounterAt(peer.address, 0)]! >= this.#mostPeersASite
    if (crowded || full) words[header.crowded]!++
    if (full || (crowded && leaving < 0)) return false
    if (crowded) lists.remove(list, leaving)
    return true
  }
}

/** The memory of a peer in a small swarm, in bytes. */
const bytesAPeer = 32

/**
 * The number of ticks from `then` to `tick`; -1 if `then` is later, which happens when another node reports an announce
 * late.
 */
function ageAt(tick: number, then: number): number {
  const age = (tick - then) & 0xff
  return age < 128 ? age : -1
}
