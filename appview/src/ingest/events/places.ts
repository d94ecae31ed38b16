import type { Semaphore } from '../../runtime/semaphore.ts'

/**
 * Where events are between being read and being durable. Events that wait for this program hold a place in the semaphore; when
 * it is full, the sources are read no further. An event that waits for a stranger's server leaves the semaphore, together with
 * all later events of its account, so that a slow server delays nobody else. Parking is bounded too: an event that finds no
 * room there is given up, and its repository is read as a whole later.
 */
export interface Places {
  /** Waits for room, then takes it. */
  enter(did: string, sizeBytes: number): Promise<Place>
}

export interface Place {
  /** Call before asking the server of this event's account. Throws NoRoomError if too many events wait for it already. */
  await(host: string): void
  /** Call when the server has answered or is no longer asked: later events of this account enter the semaphore again. */
  answered(): void
  /** Whether there was no room to wait behind an event of the same account, so that this one is to be given up. */
  readonly isLost: boolean
  /** Whether it waits for a stranger's server, or behind an event that does. */
  readonly isParked: boolean
  leave(): void
}

/** Too many events wait for this server, or for strangers' servers in all, for another one to wait. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError'
  constructor(host: string) {
    super(`too many events wait for ${host.slice(0, 300)}`)
  }
}

export interface ParkingLimits {
  readonly account: Room
  readonly host: Room
  readonly all: Room
}
interface Room {
  readonly events: number
  readonly bytes: number
}

const defaultLimits: ParkingLimits = {
  account: { events: 50, bytes: 8_000_000 },
  host: { events: 500, bytes: 32_000_000 },
  all: { events: 10_000, bytes: 128_000_000 },
}

interface Entry {
  readonly sizeBytes: number
  at: 'semaphore' | 'parking' | 'nowhere'
  host?: string
}

export function createPlaces(semaphore: Semaphore, limits: ParkingLimits = defaultLimits): Places {
  const accounts = new Map<string, { entries: Set<Entry>; host?: string }>()
  const taken = new Map<string, { events: number; bytes: number }>()
  const roomsOf = (did: string, host: string) =>
    [
      [`account ${did}`, limits.account],
      [`host ${host}`, limits.host],
      ['all', limits.all],
    ] as const
  const count = (rooms: ReturnType<typeof roomsOf>, events: number, bytes: number) => {
    for (const [name] of rooms) {
      const room = taken.get(name) ?? { events: 0, bytes: 0 }
      const left = { events: room.events + events, bytes: room.bytes + bytes }
      if (left.events > 0) taken.set(name, left)
      else taken.delete(name)
    }
  }
  const park = (did: string, host: string, entry: Entry) => {
    const rooms = roomsOf(did, host)
    const isRoom = rooms.every(([name, limit]) => {
      const { events, bytes } = taken.get(name) ?? { events: 0, bytes: 0 }
      return events < limit.events && bytes + entry.sizeBytes <= limit.bytes
    })
    if (entry.at === 'semaphore') semaphore.leave(entry.sizeBytes)
    entry.at = isRoom ? 'parking' : 'nowhere'
    entry.host = host
    if (isRoom) count(rooms, 1, entry.sizeBytes)
  }
  return {
    async enter(did, sizeBytes) {
      const entry: Entry = { sizeBytes, at: 'nowhere' }
      const known = accounts.get(did)
      if (known?.host !== undefined) park(did, known.host, entry)
      else {
        await semaphore.enter(sizeBytes)
        entry.at = 'semaphore'
      }
      const account = accounts.get(did) ?? { entries: new Set() }
      accounts.set(did, account)
      account.entries.add(entry)
      // While this event waited at the semaphore, an earlier one of the account may have begun to wait for its server.
      if (entry.at === 'semaphore' && account.host !== undefined) park(did, account.host, entry)
      return {
        await(host) {
          if (account.host === undefined) {
            account.host = host
            for (const each of account.entries) if (each.at === 'semaphore') park(did, host, each)
          }
          if (entry.at === 'nowhere') throw new NoRoomError(host)
        },
        answered() {
          delete account.host
        },
        get isLost() {
          return entry.at === 'nowhere'
        },
        get isParked() {
          return entry.at === 'parking'
        },
        leave() {
          account.entries.delete(entry)
          if (entry.at === 'semaphore') semaphore.leave(sizeBytes)
          if (entry.at === 'parking') count(roomsOf(did, entry.host!), -1, -sizeBytes)
          entry.at = 'nowhere'
          if (account.entries.size === 0) accounts.delete(did)
        },
      }
    },
  }
}
