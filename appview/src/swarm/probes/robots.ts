import { LatestMap } from '@holdfast/runtime/latest-map'
import type { GuardedFetch } from '../../outbound/guarded-fetch.ts'
import { HostBusyError } from '../../outbound/guarded-fetch-errors.ts'

/** A host's rules for robots (RFC 9309). */
export interface RobotRules {
  allows(url: URL): boolean
  /** The least time between two requests (`Crawl-delay`), in milliseconds. */
  delayMs: number
}

const everything: RobotRules = { allows: () => true, delayMs: 0 }
const maxHosts = 10_000
const keepMs = 24 * 3_600_000

/** Reads each host's `robots.txt` once a day. A host without a readable one allows everything. */
export function createRobots(
  fetch: GuardedFetch,
  signal: AbortSignal,
): (url: URL, account?: string) => Promise<RobotRules> {
  const known = new LatestMap<string, { rules: Promise<RobotRules>; until: number }>(maxHosts)
  return (url, account) => {
    const entry = known.get(url.origin)
    if (entry && entry.until > Date.now()) return entry.rules
    const rules = read(fetch, url.origin, { signal, ...(account !== undefined && { account }) })
    // If the host could not be asked now, ask it for its rules again before anything else.
    rules.catch(() => known.delete(url.origin))
    known.set(url.origin, { rules, until: Date.now() + keepMs })
    return rules
  }
}

async function read(
  fetch: GuardedFetch,
  origin: string,
  options: { signal: AbortSignal; account?: string },
): Promise<RobotRules> {
  try {
    const request = { maxBytes: 500_000, timeoutMs: 10_000, ...options }
    const { bytes } = await fetch.fetchBytes(new URL('/robots.txt', origin), request)
    return parseRobots(new TextDecoder().decode(bytes))
  } catch (error) {
    if (error instanceof HostBusyError) throw error
    // The file is missing, too long or cannot be reached; requests for pages will show whether the host answers.
    return everything
  }
}

/** Parses the group of a `robots.txt` for our product, or else the group for all robots. */
export function parseRobots(text: string, product = 'holdfast'): RobotRules {
  const groups: {
    agents: string[]
    rules: { pattern: string; allow: boolean }[]
    delayMs: number
  }[] = []
  let isReadingAgents = false
  for (const line of text.split(/\r\n?|\n/).slice(0, 20_000)) {
    // Trim each part separately: one pattern for the whole line would take quadratic time on a line of blanks.
    const [said = ''] = line.split('#', 1)
    const colon = said.indexOf(':')
    const key = said.slice(0, Math.max(colon, 0)).trim().toLowerCase()
    const value = said.slice(colon + 1).trim()
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
  // The longest matching rule decides; of two equally long rules, the one that allows.
  const rules = chosen
    .flatMap((group) => group.rules)
    .sort((a, b) => b.pattern.length - a.pattern.length || Number(b.allow) - Number(a.allow))
  return {
    allows: ({ pathname, search }) =>
      rules.find(({ pattern }) => matches(pattern, pathname + search))?.allow ?? true,
    delayMs: Math.max(0, ...chosen.map((group) => group.delayMs)),
  }
}

/** Whether a path matches a pattern, in which `*` matches any text and a final `$` the end. Takes time linear in the path. */
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
