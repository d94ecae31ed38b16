import type { defs } from '@holdfast/lexicons'
import { identifierUrl } from '@holdfast/lexicons/vocabularies/web-addresses'
import { accountPath } from '../../http/page-paths.ts'
import { type Html, html } from '../html.ts'
import type { View } from '../view.ts'
import { outsideLink } from './links.ts'

/** A link to the account that wrote a record: the name that it claims, and its verified handle. */
export function authorLink(view: View, author: defs.AuthorView): Html {
  const { displayName, handle, did } = author
  const shown = handle ?? shortDid(did)
  const name = displayName
    ? html`<bdi>${displayName}</bdi> <span class="handle"><bdi>${shown}</bdi></span>`
    : html`<bdi>${shown}</bdi>`
  return html`<a class="author" href="${view.href(accountPath({ did, handle }))}">${name}</a>${author.domainVerified && verifiedMark(view)}`
}

export function verifiedMark(view: View): Html {
  return html` <span class="verified" title="${view.t.account.domainVerified}"><svg viewBox="0 0 16 16" width="14" height="14" role="img" aria-label="${view.t.account.domainVerified}"><path d="M3 8.5l3.2 3.2L13 4.8" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></svg></span>`
}

/** A person or organization as a record names it, which is a claim of the record's author. */
export function agentText(agent: defs.Agent): Html {
  const name = agent.name ?? agent.url ?? agent.email ?? agent.did ?? ''
  const identifiers = (agent.identifiers ?? []).slice(0, 5).flatMap((identifier) => {
    const url = identifierUrl(identifier)
    return url ? [html` <small>${outsideLink(url, identifier.scheme.toUpperCase())}</small>`] : []
  })
  const shown = agent.url ? outsideLink(agent.url, name) : html`<bdi>${name}</bdi>`
  return html`${shown}${identifiers}`
}

/** The first people in a list, and how many more there are (up to ten thousand). */
export function agentList(view: View, agents: readonly defs.Agent[], most = 12): Html {
  const shown = agents.slice(0, most).map((agent, i) => html`${i > 0 && '; '}${agentText(agent)}`)
  const rest = agents.slice(most)
  if (rest.length === 0) return html`${shown}`
  const folded = rest.slice(0, 500).map((agent, i) => html`${i > 0 && '; '}${agentText(agent)}`)
  return html`${shown} <details class="inline"><summary>${view.t.site.andMore(rest.length)}</summary> ${folded}${rest.length > 500 && ' …'}</details>`
}

export function shortDid(did: string): string {
  return did.length > 28 ? `${did.slice(0, 16)}…${did.slice(-6)}` : did
}
