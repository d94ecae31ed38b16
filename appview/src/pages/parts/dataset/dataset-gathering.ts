import type { Gathering } from '../../../catalog/views/pages/page-gathering.ts'
import { type Html, html, nothing } from '../../html.ts'
import type { View } from '../../view.ts'
import { deadline } from '../badges.ts'
import { copyButton } from '../citation-section.ts'
import { authorLink } from '../people.ts'

/** How far a dataset that was divided into parts is gathered, who works on it, and the command to take a part. */
export function gatheringSection(view: View, uri: string, gathering: Gathering | undefined): Html {
  if (!gathering) return nothing
  const { t, format } = view
  const { counts, workers } = gathering
  const { open, taken, said, gathered, failed } = counts
  const total = open + taken + said + gathered + failed
  if (total === 0) return nothing
  const facts = (
    [
      [t.gathering.open, open],
      [t.gathering.taken, taken],
      [t.gathering.said, said],
      [t.gathering.failed, failed],
    ] as const
  ).filter(([, n]) => n > 0)
  return html`<section aria-labelledby="gathering"><h2 id="gathering">${t.gathering.heading}</h2>
<p><label for="gathered">${t.gathering.gatheredOf(format.number(gathered), total)}</label></p>
<progress id="gathered" max="${total}" value="${gathered}"></progress>
${facts.length > 0 && html`<ul class="facts">${facts.map(([name, n]) => html`<li>${name}: ${format.number(n)}</li>`)}</ul>`}
${gathering.deadline !== undefined && gathered < total && html`<p>${t.gathering.until} ${deadline(view, gathering.deadline)}</p>`}
${workers.length > 0 && html`<p>${t.gathering.workers} ${workers.map((author, n) => html`${n > 0 && ', '}${authorLink(view, author)}`)}</p>`}
${open > 0 && html`<p>${t.gathering.takePart}</p><div class="copyable"><pre id="take-part" class="wrap" tabindex="0" dir="ltr">holdfast work ${uri}</pre>${copyButton(view, 'take-part', t.gathering.command)}</div>`}
</section>`
}
