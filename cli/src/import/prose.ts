import type { defs } from '@holdfast/lexicons'

/** A link found in free text, with its link text if it had one. */
export interface Link {
  readonly url: string
  readonly title?: string
}

/** People or organizations found in free text; `complete` if the text contains nothing else. */
export interface FoundAgents {
  readonly agents: defs.Agent[]
  readonly complete: boolean
}

/**
 * Reads free text such as `Ann (ann@example.org), https://example.org/issues` as agents. From prose, only the addresses
 * and links are taken, and `complete` is false, because the words should be kept.
 */
export function findAgents(text: string): FoundAgents {
  const trimmed = text.trim()
  const parts = trimmed.split(/\s*[;\n]\s*|,\s+|\s+&\s+/).filter((part) => part !== '')
  const each = parts.map(oneAgent)
  if (each.length > 0 && each.every((agent) => agent !== undefined)) return { agents: each, complete: true }
  const links = findLinks(trimmed).map(({ url, title }) => agentAt(url, title))
  const found = [...links, ...findEmails(trimmed).map((email): defs.Agent => ({ email }))]
  return { agents: unique(found, (agent) => agent.email ?? agent.url ?? ''), complete: false }
}

/** The http(s) links in a text, in Markdown, in HTML or bare, each of them once. */
export function findLinks(text: string): Link[] {
  const links: Link[] = []
  let rest = text.replace(markdownLink, (_, title: string, url: string) => {
    links.push({ url, title: title.trim() })
    return ' '
  })
  rest = rest.replace(
    /<a\b[^>]*?href="(https?:\/\/[^"\s]+)"[^>]*>(.*?)<\/a>/gis,
    (_, url: string, title: string) => {
      links.push({ url, title: title.replace(/<[^>]*>/g, '').trim() })
      return ' '
    },
  )
  for (const [match] of rest.matchAll(/https?:\/\/[^\s<>"`\]]+/gi)) {
    links.push({ url: trimUrl(match) })
  }
  return unique(links.filter(isWebLink).map(withoutEmptyTitle), ({ url }) => url)
}

/** The text with its Markdown links reduced to their link texts, and without addresses in parentheses. */
export function withoutLinkTargets(text: string): string {
  return text
    .replace(markdownLink, '$1')
    .replace(/\s*\(https?:\/\/[^\s()]+\)/gi, '')
    .trim()
}

/** The link that the whole text consists of; undefined if there is other text, or no link. */
export function soleLink(text: string): Link | undefined {
  const trimmed = text.trim()
  if (/^https?:\/\/[^\s]+$/i.test(trimmed) && URL.canParse(trimmed)) return { url: trimmed }
  const match = new RegExp(`^["“]?${markdownLink.source}["”]?$`).exec(trimmed)
  const link = match && { url: match[2] ?? '', title: match[1]?.trim() ?? '' }
  return link && isWebLink(link) ? withoutEmptyTitle(link) : undefined
}

// The address may contain one pair of parentheses, as addresses of Wikipedia do.
const markdownLink = /\[([^\]]*)\]\s?\(\s*((?:https?:\/\/)(?:[^\s()]|\([^\s()]*\))+)\s*\)/gi
const email = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/

function oneAgent(part: string): defs.Agent | undefined {
  const text = part.replace(/[.\s]+$/, '')
  const link = soleLink(text)
  if (link) return agentAt(link.url, link.title)
  const address = new RegExp(
    `^(?:mailto:)?(${email.source})$|^\\[([^\\]]+)\\]\\((?:mailto:)?(${email.source})\\)$|^([^<>()@:]+?)\\s*[<(](${email.source})[>)]$`,
    'i',
  ).exec(text)
  if (!address) return undefined
  const [, bare, linkName, linkEmail, name, named] = address
  const found = bare ?? linkEmail ?? named
  if (found === undefined) return undefined
  const called = linkName ?? name
  return called === undefined ? { email: found } : { name: called.trim(), email: found }
}

function agentAt(url: string, title: string | undefined): defs.Agent {
  const at = { url: url as defs.Agent['url'] & string }
  return title === undefined ? at : { name: title, ...at }
}

function findEmails(text: string): string[] {
  return [...text.matchAll(new RegExp(email.source, 'gi'))].map(([match]) => match)
}

function trimUrl(url: string): string {
  const trimmed = url.replace(/[.,;:!?*']+$/, '')
  return trimmed.endsWith(')') && !trimmed.includes('(') ? trimUrl(trimmed.slice(0, -1)) : trimmed
}

function isWebLink({ url }: Link): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url)
}

function withoutEmptyTitle({ url, title }: Link): Link {
  return title ? { url, title } : { url }
}

function unique<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.toReversed().map((item) => [key(item), item])).values()].toReversed()
}
