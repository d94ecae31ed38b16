import { LatestMap } from '../../catalog/latest-map.ts'
import type { GuardedFetch } from '../../guarded-fetch.ts'

/** What a host asks of robots (RFC 9309). */
export interface RobotRules {
  allows(url: URL): boolean
  /** Between two questions. */
  delayMs: number
}

const everything: RobotRules = { allows: () => true, delayMs: 0 }
const maxHosts = 10_000
const keepMs = 24 * 3_600_000

/** Reads each host's `robots.txt` once a day; a host without one that can be read allows everything. */
export function createRobots(fetch: GuardedFetch, signal: AbortSignal): (url: URL) => Promise<RobotRules> {
  const known = new LatestMap<string, { rules: Promise<RobotRules>; until: number }>(maxHosts)
  return (url) => {
    const entry = known.get(url.origin)
    if (entry && entry.until > Date.now()) return entry.rules
    const rules = read(fetch, url.origin, signal)
    known.set(url.origin, { rules, until: Date.now() + keepMs })
    return rules
  }
}

async function read(fetch: GuardedFetch, origin: string, signal: AbortSignal): Promise<RobotRules> {
  try {
    const request = { maxBytes: 500_000, timeoutMs: 10_000, signal }
    const { bytes } = await fetch.fetchBytes(new URL('/robots.txt', origin), request)
    return parseRobots(new TextDecoder().decode(bytes))
  } catch {
    // Missing, too long or out of reach: what matters next is whether the page itself answers.
    return everything
  }
}

/** Our own group of a `robots.txt` where it has one, else that of everybody. */
export function parseRobots(text: string, product = 'holdfast'): RobotRules {
  const groups: {
    agents: string[]
    rules: { pattern: string; allow: boolean }[]
    delayMs: number
  }[] = []
  let isReadingAgents = false
  for (const line of text.split(/\r\n?|\n/).slice(0, 20_000)) {
    const [, field = '', value = ''] = /^\s*([a-z-]+)\s*:\s*([^#]*?)\s*(?:#.*)?$/i.exec(line) ?? []
    const key = field.toLowerCase()
    if (key === 'user-agent') {
      if (!isReadingAgents) groups.push({ agents: [], rules: [], delayMs: 0 })
      groups.at(-1)!.agents.push(value.toLowerCase())
      isReadingAgents = true
      continue
    }
    if (key !== 'allow' && key !== 'disallow' && key !== 'crawl-delay') continue
    isReadingAgents = false
    const group = groups.at(-1)
    if (!group) continue
    if (key === 'crawl-delay') group.delayMs = Math.min(Number(value) || 0, 60) * 1_000
    else if (value !== '') group.rules.push({ pattern: value.slice(0, 2_000), allow: key === 'allow' })
  }
  const ours = groups.filter(({ agents }) => agents.includes(product))
  const chosen = ours.length > 0 ? ours : groups.filter(({ agents }) => agents.includes('*'))
  // The longest rule that fits decides, and of two as long the one that allows.
  const rules = chosen
    .flatMap((group) => group.rules)
    .sort((a, b) => b.pattern.length - a.pattern.length || Number(b.allow) - Number(a.allow))
  return {
    allows: ({ pathname, search }) =>
      rules.find(({ pattern }) => matches(pattern, pathname + search))?.allow ?? true,
    delayMs: Math.max(0, ...chosen.map((group) => group.delayMs)),
  }
}

/** `*` stands for anything, `$` at the end for the end. Takes time linear in the path, whatever the pattern. */
function matches(pattern: string, path: string): boolean {
  const isWhole = pattern.endsWith('$')
  const [first = '', ...rest] = (isWhole ? pattern.slice(0, -1) : pattern).split('*')
  if (!path.startsWith(first)) return false
  const last = isWhole ? rest.pop() : undefined
  let at = first.length
  for (const part of rest) {
    const found = path.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  if (last === undefined) return !isWhole || at === path.length
  return path.length - last.length >= at && path.endsWith(last)
}
