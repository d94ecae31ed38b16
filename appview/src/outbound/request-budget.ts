/**
 * Limits how often requests are sent on behalf of strangers: to each address, for each account whose records name hosts,
 * and in all. Requests under several names of one address, and redirects to it, count for that address.
 */
import { LatestMap } from '@holdfast/runtime/latest-map'
import ipaddr from 'ipaddr.js'
import { HostBusyError } from './guarded-fetch-errors.ts'
import { isPublicAddress } from './public-host.ts'
import { createWindowCounts, type WindowCounts } from './window-counts.ts'

/**
 * Why a request is sent. `pds`: to an account's own server, about that account. `identity`: for DID documents and handles.
 * `tracker`: for counts of a swarm. `third-party`: to a host that a record names.
 */
export type Purpose = 'pds' | 'identity' | 'tracker' | 'third-party'

export interface Allowance {
  /** The least time from the start of one request to the start of the next. */
  readonly gapMs: number
  readonly daily: number
}

export interface PurposeAllowances {
  /** What may be sent to one address (in IPv6, to one /64). */
  readonly address: Allowance
  /** What may be sent on behalf of one account. */
  readonly account: Allowance
  readonly all: Allowance
}

export type RequestAllowances = Readonly<Record<Purpose, PurposeAllowances>>

const unlimited: Allowance = { gapMs: 0, daily: Number.POSITIVE_INFINITY }

export const defaultAllowances: RequestAllowances = {
  pds: { address: { gapMs: 10, daily: 500_000 }, account: { gapMs: 0, daily: 20_000 }, all: unlimited },
  identity: {
    address: { gapMs: 50, daily: 100_000 },
    account: { gapMs: 0, daily: 1_000 },
    all: { gapMs: 5, daily: 1_000_000 },
  },
  tracker: {
    address: { gapMs: 2_000, daily: 20_000 },
    account: unlimited,
    all: { gapMs: 10, daily: 1_000_000 },
  },
  'third-party': {
    address: { gapMs: 10_000, daily: 1_000 },
    account: { gapMs: 500, daily: 5_000 },
    all: { gapMs: 50, daily: 200_000 },
  },
}

/** Whether a request may be sent now, and if not, why. */
export type BudgetOutcome = 'sent' | 'too-soon' | 'address-spent' | 'account-spent' | 'all-spent'

export interface BudgetedRequest {
  readonly purpose: Purpose
  /** The host's name, for messages. */
  readonly host: string
  readonly port: string
  /** All addresses of the name; each is counted, whichever of them is used. */
  readonly addresses: readonly string[]
  readonly account: string | undefined
  /** How long the caller would wait for its turn. */
  readonly patienceMs: number
}

export interface RequestBudget {
  /** Books a request; resolves to the milliseconds to wait before it is sent. @throws HostBusyError */
  book(request: BudgetedRequest): number
}

/** One account may use at most this share of an address's daily requests, so that some are left for others. */
const shareOfAddress = 0.5
const dayMs = 86_400_000

export function createRequestBudget(
  allowances: RequestAllowances,
  options: { now?: () => number; onBooked?: (purpose: Purpose, outcome: BudgetOutcome) => void } = {},
): RequestBudget {
  const now = options.now ?? Date.now
  const turns = new LatestMap<string, number>(100_000)
  const counts = new Map<Purpose, WindowCounts>()
  const countsOf = (purpose: Purpose) => {
    const known = counts.get(purpose) ?? createWindowCounts(dayMs, now)
    counts.set(purpose, known)
    return known
  }
  return {
    book(request) {
      const { purpose } = request
      const meters = metersOf(request, allowances[purpose])
      const daily = countsOf(purpose)
      const refuse = (outcome: BudgetOutcome, why: string, retryAfterMs: number): never => {
        options.onBooked?.(purpose, outcome)
        throw new HostBusyError(request.host, why, retryAfterMs)
      }
      for (const { key, allowance, outcome, why } of meters)
        if (daily.of(key) >= allowance.daily) refuse(outcome, why, daily.stepMs)
      const waitMs = Math.max(0, ...meters.map(({ key }) => (turns.get(`${purpose} ${key}`) ?? 0) - now()))
      if (waitMs > request.patienceMs) refuse('too-soon', 'was asked a moment ago', waitMs)
      for (const { key, allowance } of meters) {
        if (allowance.gapMs > 0) turns.set(`${purpose} ${key}`, now() + waitMs + allowance.gapMs)
        daily.add(key)
      }
      options.onBooked?.(purpose, 'sent')
      return waitMs
    },
  }
}

interface Meter {
  key: string
  allowance: Allowance
  outcome: BudgetOutcome
  why: string
}

function metersOf(request: BudgetedRequest, { address, account, all }: PurposeAllowances): Meter[] {
  const keys = [...new Set(request.addresses.map((each) => addressKey(each, request.port)))]
  const did = request.account
  const spent = 'was asked as often as it is in one day'
  const accountSpent = 'is named by an account for which as much was asked as is in one day'
  return [
    ...keys.map((key): Meter => ({ key, allowance: address, outcome: 'address-spent', why: spent })),
    ...(did === undefined
      ? []
      : [
          { key: did, allowance: account, outcome: 'account-spent', why: accountSpent } as const,
          ...keys.map((key) => ({
            key: `${did} ${key}`,
            allowance: { gapMs: 0, daily: Math.ceil(address.daily * shareOfAddress) },
            outcome: 'account-spent' as const,
            why: accountSpent,
          })),
        ]),
    { key: 'all', allowance: all, outcome: 'all-spent', why: 'waits: as much was asked as is in one day' },
  ]
}

/**
 * The key by which an address is counted: in IPv6 its /64, since one customer has all of it. Private addresses, as in
 * development, are counted by port as well.
 */
export function addressKey(text: string, port: string): string {
  const parsed = ipaddr.process(text)
  const key =
    parsed instanceof ipaddr.IPv6
      ? `${parsed.parts
          .slice(0, 4)
          .map((part) => part.toString(16))
          .join(':')}::/64`
      : parsed.toString()
  return isPublicAddress(text) ? key : `${parsed.toString()}:${port}`
}
