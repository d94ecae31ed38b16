import type { NewPeer } from './peer-list.ts'

export type Family = 0 | 1

/** Events by their number in BEP 15. */
export const [NO_EVENT, COMPLETED_EVENT, STARTED, STOPPED, PAUSED] = [0, 1, 2, 3, 4] as const

/** One announce; reused from call to call by whoever receives them. */
export type Announce = NewPeer & {
  family: Family
  event: number
  seeder: boolean
  wanted: number
  /** Fill up with peers of the other address family (BEP 7). */
  bothFamilies: boolean
  /** In [0, 1). */
  random: number
}

export type SwarmCounts = { seeders: number; leechers: number; completed: number }

export type AnnounceReply = SwarmCounts & {
  /** Peers written, IPv4 and IPv6. */
  readonly peers: [number, number]
  /** Where they are written in compact form, 3 units an IPv4 peer and 9 an IPv6 one. */
  readonly compact: readonly [Uint16Array, Uint16Array]
  /** Where IPv4 peers begin, in units. */
  readonly offset4: number
}

export type MutableAnnounce = { -readonly [K in keyof Announce]: Announce[K] }

/** An announce to be filled in, again and again. */
export function newAnnounce(): MutableAnnounce {
  return {
    family: 0,
    address: new Int32Array(4),
    port: 0,
    key: 0,
    tick: 0,
    event: NO_EVENT,
    seeder: false,
    wanted: 0,
    bothFamilies: false,
    random: 0,
  }
}

const none = new Uint16Array(0)

/** For announces that ask for no peers. */
export const noReply: AnnounceReply = {
  seeders: 0,
  leechers: 0,
  completed: 0,
  peers: [0, 0],
  compact: [none, none],
  offset4: 0,
}
