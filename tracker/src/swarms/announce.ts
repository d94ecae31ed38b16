import type { NewPeer } from './peer-list.ts'

export type Family = 0 | 1

/** Events by their number in BEP 15. */
export const [noEvent, completedEvent, started, stopped, paused] = [0, 1, 2, 3, 4] as const

/** One announce; the object is reused from call to call. */
export type Announce = NewPeer & {
  family: Family
  event: number
  seeder: boolean
  wanted: number
  /** Whether to fill up with peers of the other address family (BEP 7). */
  bothFamilies: boolean
  /** A random number in [0, 1). */
  random: number
}

export interface SwarmCounts {
  seeders: number
  leechers: number
  completed: number
}

export type AnnounceReply = SwarmCounts & {
  /** The number of peers written, for IPv4 and IPv6. */
  readonly peers: [number, number]
  /** The buffers they are written to in compact form, with 3 units for an IPv4 peer and 9 for an IPv6 peer. */
  readonly compact: readonly [Uint16Array, Uint16Array]
  /** The offset of the IPv4 peers, in units. */
  readonly offset4: number
}

export type MutableAnnounce = { -readonly [K in keyof Announce]: Announce[K] }

/** Makes an announce that is filled in again and again. */
export function newAnnounce(): MutableAnnounce {
  return {
    family: 0,
    address: new Int32Array(4),
    port: 0,
    key: 0,
    tick: 0,
    event: noEvent,
    seeder: false,
    wanted: 0,
    bothFamilies: false,
    random: 0,
  }
}

const none = new Uint16Array(0)

/** The reply for announces that ask for no peers. */
export const noReply: AnnounceReply = {
  seeders: 0,
  leechers: 0,
  completed: 0,
  peers: [0, 0],
  compact: [none, none],
  offset4: 0,
}
