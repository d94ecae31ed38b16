/** What the tracker counts as it works. A closed set: metrics are made of these names and nothing else. */
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
