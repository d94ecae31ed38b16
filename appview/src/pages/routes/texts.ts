import type { describeServer } from '@holdfast/lexicons'
import { type Html, html, nothing } from '../html.ts'
import { outsideLink } from '../parts/links.ts'
import type { MakePage } from '../serve-page.ts'
import type { View } from '../view.ts'

export type Describe = () => Promise<describeServer.$OutputBody>

/** The page about this site. */
export const aboutPage: MakePage = (view) => ({
  title: view.t.nav.about,
  canonical: '/about',
  main: html`<div class="narrow prose">${view.t.prose.about(view.href)}</div>`,
})

/** The page about how to help, for people who have never used BitTorrent. */
export const helpPage: MakePage = (view) => ({
  title: view.t.nav.help,
  section: 'help',
  canonical: '/help',
  main: html`<div class="narrow prose">${view.t.prose.help(view.href)}</div>`,
})

/** The page about what is let in, what is stored about readers, and whom to contact. */
export function policyPage(describe: Describe): MakePage {
  return async (view) => {
    const { t } = view
    const server = await describe()
    return {
      title: t.nav.policy,
      section: 'policy',
      canonical: '/policy',
      main: html`<div class="narrow prose">${t.prose.policy(server.admission)}
<h2 id="contact">${t.policy.contact}</h2>${contact(view, server)}
<h2>${t.policy.limits}</h2><dl class="fields">${limits(view, server)}</dl></div>`,
    }
  }
}

function contact(view: View, { contact }: describeServer.$OutputBody): Html {
  const { t } = view
  const abuse = contact?.abuse ?? contact?.operator
  if (!abuse) return html`<p>${t.policy.noContact}</p>`
  return html`<p>${t.policy.writeTo} ${/^[^\s@:]+@[^\s@]+$/.test(abuse) ? html`<a href="mailto:${abuse}">${abuse}</a>` : outsideLink(abuse)}</p><p>${t.policy.nameIt}</p>`
}

function limits({ t, format }: View, { limits }: describeServer.$OutputBody): Html {
  const rows: [string, string | undefined][] = [
    [t.policy.recordBytes, limits.recordBytes === undefined ? undefined : format.size(limits.recordBytes)],
    [
      t.policy.metainfoBytes,
      limits.metainfoBytes === undefined ? undefined : format.size(limits.metainfoBytes),
    ],
    [
      t.policy.indexedFiles,
      limits.indexedFiles === undefined ? undefined : format.number(limits.indexedFiles),
    ],
    [
      t.policy.recordsPerAccount,
      limits.recordsPerAccount === undefined ? undefined : format.number(limits.recordsPerAccount),
    ],
  ]
  return html`${rows.map(([name, value]) => (value === undefined ? nothing : html`<div><dt>${name}</dt><dd>${value}</dd></div>`))}`
}

/** The page with all feeds, and what each is for. */
export const feedsPage: MakePage = (view) => ({
  title: view.t.nav.feeds,
  section: 'feeds',
  canonical: '/feeds',
  main: html`<div class="narrow prose"><h1>${view.t.nav.feeds}</h1><p>${view.t.feeds.intro}</p>
<dl class="fields">${view.t.feeds.list.map(({ name, path, text }) => html`<div><dt>${path.includes('…') ? name : html`<a href="${path}">${name}</a>`}</dt><dd>${text}<br><code class="break">${path}</code></dd></div>`)}</dl></div>`,
})
