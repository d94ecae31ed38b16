/** Sends one announce over HTTP (BEP 3) from an invented peer; resolves to the failure reason, or null if it was accepted. */
export async function announce(trackers: string, infoHash: string): Promise<string | null> {
  const peer = 'peer_id=-HF0001-000000000000&port=6881&left=0&compact=1'
  const body = await ask(`${httpTracker(trackers)}?info_hash=${escaped(infoHash)}&${peer}`)
  const [, length, rest] = /14:failure reason(\d+):(.*)$/s.exec(body) ?? []
  return rest?.slice(0, Number(length)) ?? null
}

/** The number of seeders that the tracker counts for a content (BEP 48). */
export async function scrapeSeeders(trackers: string, infoHash: string): Promise<number> {
  const scrapeUrl = httpTracker(trackers).replace(/announce$/, 'scrape')
  const body = await ask(`${scrapeUrl}?info_hash=${escaped(infoHash)}`)
  return Number(/8:completei(\d+)e/.exec(body)?.[1] ?? 0)
}

function httpTracker(trackers: string): string {
  const url = trackers.split(',').find((tracker) => tracker.startsWith('http'))
  if (url === undefined) throw new Error(`no HTTP tracker among ${trackers}`)
  return url
}

const escaped = (infoHash: string) => infoHash.slice(0, 40).replaceAll(/../g, '%$&')

async function ask(url: string): Promise<string> {
  const response = await fetch(url)
  return Buffer.from(await response.arrayBuffer()).toString('latin1')
}
