import type { LookupFunction } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { LatestMap } from '@holdfast/runtime/latest-map'
import { HostBusyError, NetworkError, PrivateAddressError } from './guarded-fetch-errors.ts'
import { createHostTurns } from './guarded-fetch-limits.ts'
import type { NamedAddress } from './hosts-file.ts'
import { type NameCaller, NameError, type Names } from './names.ts'
import { isPublicAddress } from './public-host.ts'
import { addressKey, type Purpose, type RequestBudget } from './request-budget.ts'

/** What every request must state, so that it is counted in the right budgets. */
export interface BookedRequest {
  /** Why the host is asked; by default because a record names it, which is allowed least often. */
  readonly purpose?: Purpose
  /** The DID of the account whose record caused the request; bytes and requests count against its budget too. */
  readonly account?: string
  /** Who caused the look-up of the host's name, when that is not `account`. */
  readonly caller?: NameCaller
  /** With `false`, a host at its limit of requests fails with HostBusyError instead of waiting. */
  readonly wait?: boolean
  /** How long to wait for a turn at the host before failing with HostBusyError; by default 5 s. */
  readonly patienceMs?: number
  readonly signal?: AbortSignal
}

export interface DialOptions {
  /** Development only: lets requests reach private and local addresses. */
  readonly allowPrivateHosts: boolean
  /** The most requests in flight to one host; by default 8. */
  readonly maxPerHost?: number
  /** Shared by everything that sends requests on behalf of strangers; without it only requests in flight are limited. */
  readonly requests?: RequestBudget | undefined
  /** Resolves names; by default a new resolver. */
  readonly names?: Names | undefined
}

/** A host of a request. */
export interface Target {
  /** The host as `URL` writes it, with IPv6 in brackets. */
  readonly hostname: string
  readonly port: string
}

export interface Dialer {
  /** Resolves a host to addresses, all of which must be public. @throws PrivateAddressError, NetworkError, HostBusyError */
  find(target: Target, request: BookedRequest): Promise<Found>
  /** Waits for a free place at the host and at its address, then for the host's turn. Resolves to a function that frees the place. */
  enter(found: Found, request: BookedRequest): Promise<() => void>
  /** Counts a request, and waits for its turn. @throws HostBusyError */
  book(found: Found, request: BookedRequest): Promise<void>
  /** Sends the host nothing until `untilMs` (Unix time), because it asked for a pause. */
  pause(target: Target, untilMs: number): void
  /** For the HTTP client: answers only with addresses that `find` checked a moment ago. */
  readonly lookup: LookupFunction
}

export interface Found extends Target {
  readonly addresses: readonly NamedAddress[]
  /** The key under which the address is counted: see `addressKey`. */
  readonly key: string
}

const defaultPatienceMs = 5_000
/** The most requests in flight to one address, under whatever names. */
const mostPerAddress = 32

/** Makes the part of the guarded fetch that resolves hosts and counts the requests to them. */
export function createDialer(options: DialOptions & { names: Names }): Dialer {
  const { names } = options
  const hosts = createHostTurns(options.maxPerHost ?? 8)
  const addresses = createHostTurns(mostPerAddress)
  const dialled = new LatestMap<string, readonly NamedAddress[]>(50_000)

  async function book(found: Found, request: BookedRequest): Promise<void> {
    const waitMs = options.requests?.book({
      purpose: request.purpose ?? 'third-party',
      host: found.hostname,
      port: found.port,
      addresses: found.addresses.map(({ address }) => address),
      account: request.account,
      patienceMs: request.wait === false ? 0 : (request.patienceMs ?? defaultPatienceMs),
    })
    if (waitMs) await delay(waitMs, undefined, { signal: request.signal })
  }
  return {
    async find(target, { account, caller }) {
      const accountCaller = account === undefined ? undefined : ({ kind: 'account', id: account } as const)
      const found = await lookUp(names, target.hostname, caller ?? accountCaller)
      if (!options.allowPrivateHosts && found.some(({ address }) => !isPublicAddress(address)))
        throw new PrivateAddressError(`${target.hostname} is not a public host`)
      return { ...target, addresses: found, key: addressKey(found[0]!.address, target.port) }
    },
    async enter(found, request) {
      await using held = new AsyncDisposableStack()
      const waiting = { wait: request.wait ?? true, signal: request.signal }
      held.defer(await hosts.acquire(hostKey(found), waiting))
      held.defer(await addresses.acquire(found.key, waiting))
      await book(found, request)
      dialled.set(nameOf(found.hostname), found.addresses)
      const entered = held.move()
      return () => void entered.disposeAsync()
    },
    book,
    pause: (target, untilMs) => hosts.pause(hostKey(target), untilMs),
    lookup(hostname, { all }, callback) {
      const known = dialled.get(nameOf(hostname))
      if (!known) return callback(new PrivateAddressError(`${hostname} was not checked`), [])
      if (all) callback(null, [...known])
      else callback(null, known[0]!.address, known[0]!.family)
    },
  }
}

async function lookUp(
  names: Names,
  hostname: string,
  caller: NameCaller | undefined,
): Promise<readonly NamedAddress[]> {
  try {
    return await names.addressesOf(hostname, caller)
  } catch (cause) {
    if (!(cause instanceof NameError)) throw cause
    if (cause.why === 'busy')
      throw new HostBusyError(
        hostname,
        'was not looked up, because too many names were looked up already',
        60_000,
      )
    throw new NetworkError(cause.message, { cause })
  }
}

const nameOf = (hostname: string) => hostname.replace(/\.$/, '').toLowerCase()
const hostKey = ({ hostname, port }: Target) => `${hostname}:${port}`
