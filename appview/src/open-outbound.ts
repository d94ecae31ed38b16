import { Counter, type Registry } from 'prom-client'
import type { AppViewConfig } from './config.ts'
import { createGuardedFetch, type GuardedFetch } from './outbound/guarded-fetch.ts'
import { createNames } from './outbound/names.ts'
import { createRequestBudget, defaultAllowances, type RequestAllowances } from './outbound/request-budget.ts'

/** Makes the one guarded fetch of a process, with the request budgets that all components share, and its metrics. */
export function openOutbound(
  { allowPrivateHosts, outbound }: Pick<AppViewConfig, 'allowPrivateHosts' | 'outbound'>,
  { registry, userAgent }: { registry?: Registry; userAgent?: string } = {},
): GuardedFetch {
  const registers = registry ? [registry] : []
  const requests = new Counter({
    name: 'holdfast_outbound_requests_total',
    help: 'Requests to other hosts, by purpose and by whether a budget allowed them',
    labelNames: ['purpose', 'outcome'],
    registers,
  })
  const lookups = new Counter({
    name: 'holdfast_name_lookups_total',
    help: 'Look-ups of names that were not in memory, by outcome; busy ones were refused by a budget',
    labelNames: ['outcome'],
    registers,
  })
  return createGuardedFetch({
    allowPrivateHosts,
    ...(userAgent !== undefined && { userAgent }),
    names: createNames({ onLookup: (outcome) => lookups.inc({ outcome }) }),
    requests: createRequestBudget(allowances(outbound), {
      onBooked: (purpose, outcome) => requests.inc({ purpose, outcome }),
    }),
  })
}

function allowances(limits: AppViewConfig['outbound']): RequestAllowances {
  const { tracker, 'third-party': thirdParty, ...others } = defaultAllowances
  return {
    ...others,
    tracker: { ...tracker, address: { ...tracker.address, gapMs: limits.trackerGapMs } },
    'third-party': {
      address: { gapMs: limits.hostGapMs, daily: limits.hostDaily },
      account: { ...thirdParty.account, daily: limits.accountDaily },
      all: { ...thirdParty.all, daily: limits.daily },
    },
  }
}
