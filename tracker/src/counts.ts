/** The counters of the tracker. The set is closed: metrics use these names and no others. */
export const countNames = [
  'udpConnects',
  'udpAnnounces',
  'udpScrapes',
  'udpUnknown',
  'udpBadConnectionId',
  'udpMalformed',
  'udpUnready',
  'udpDropped',
  'httpAnnounces',
  'httpScrapes',
  'httpUnknown',
  'httpMalformed',
  'httpUnready',
  'httpConnections',
  'httpRefusedSockets',
  'socketConnections',
  'socketAnnounces',
  'socketScrapes',
  'socketOffers',
  'socketAnswers',
  'socketUnknown',
  'socketMalformed',
  'socketUnready',
  'proxyRefused',
  'redisMalformed',
  'expiredPeers',
] as const

export type CountName = (typeof countNames)[number]
export type Counts = Record<CountName, number>

export function newCounts(): Counts {
  return Object.fromEntries(countNames.map((name) => [name, 0])) as Counts
}

export function addCounts(one: Counts, other: Counts): Counts {
  const sum = newCounts()
  for (const name of countNames) sum[name] = one[name] + other[name]
  return sum
}
