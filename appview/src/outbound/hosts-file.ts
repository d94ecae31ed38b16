import { readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'

export interface NamedAddress {
  readonly address: string
  readonly family: 4 | 6
}

const path =
  process.platform === 'win32' ? `${process.env.SystemRoot}\\System32\\drivers\\etc\\hosts` : '/etc/hosts'
const lookAgainMs = 5_000
let known: Promise<Known | undefined> = Promise.resolve(undefined)
let lookedAtMs = Number.NEGATIVE_INFINITY

/** Resolves a name from this machine's own knowledge: its hosts file, and `localhost` with every name below it (RFC 6761). */
export async function hostsFile(hostname: string): Promise<readonly NamedAddress[]> {
  if (performance.now() - lookedAtMs > lookAgainMs) {
    lookedAtMs = performance.now()
    known = known.then(readIfChanged)
  }
  const named = (await known)?.entries.get(hostname)
  if (named) return named
  return /(?:^|\.)localhost$/.test(hostname) ? loopback : []
}

const loopback: readonly NamedAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

interface Known {
  entries: ReadonlyMap<string, readonly NamedAddress[]>
  mtimeMs: number
}

async function readIfChanged(before: Known | undefined): Promise<Known | undefined> {
  try {
    const { mtimeMs } = await stat(path)
    if (before?.mtimeMs === mtimeMs) return before
    return { entries: parseHosts(await readFile(path, 'utf8')), mtimeMs }
  } catch {
    // This machine has no hosts file.
    return undefined
  }
}

/** Parses a hosts file (hosts(5)), whose lines are an address followed by names. */
export function parseHosts(text: string): Map<string, NamedAddress[]> {
  const entries = new Map<string, NamedAddress[]>()
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    const family = isIP(address)
    if (family === 0) continue
    for (const name of names.map((each) => each.toLowerCase())) {
      const named = entries.get(name) ?? []
      named.push({ address, family: family as 4 | 6 })
      entries.set(name, named)
    }
  }
  return entries
}
