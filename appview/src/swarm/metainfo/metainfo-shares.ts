/** Metainfo that is being fetched, with its account and PDS. */
export interface InFlight {
  did: string
  pdsHost: string | null
  job: Promise<void>
}

export interface Shares {
  perAccount: number
  perHost: number
}

/** Accounts and hosts that have their full share in process, so that a host that hangs or publishes much delays nobody else. */
export function busiest(inFlight: readonly InFlight[], shares: Shares): { dids: string[]; hosts: string[] } {
  const full = (keys: readonly string[], share: number) =>
    [...Map.groupBy(keys, (key) => key)].filter(([, same]) => same.length >= share).map(([key]) => key)
  return {
    dids: full(
      inFlight.map(({ did }) => did),
      shares.perAccount,
    ),
    hosts: full(
      inFlight.flatMap(({ pdsHost }) => pdsHost ?? []),
      shares.perHost,
    ),
  }
}

/** Whether one more would exceed the share of its account or its host. */
export function isBusy(
  { did, pdsHost }: Omit<InFlight, 'job'>,
  inFlight: readonly InFlight[],
  shares: Shares,
): boolean {
  const { dids, hosts } = busiest(inFlight, shares)
  return dids.includes(did) || (pdsHost !== null && hosts.includes(pdsHost))
}
