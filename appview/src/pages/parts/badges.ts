import type { defs } from '@holdfast/lexicons'
import { edtfBounds } from '@holdfast/lexicons/edtf'
import { type Html, html, nothing } from '../html.ts'
import { wordFor } from '../i18n/word-for.ts'
import type { View } from '../view.ts'
import { datasetRecord } from './record.ts'

/** A badge for how endangered the author or an assessor considers the dataset; empty when nobody says. */
export function riskBadge(view: View, risk: defs.Risk | undefined): Html {
  if (!risk || risk.level === 'unknown') return nothing
  return html`<span class="badge risk ${riskTone(risk.level)}">${riskName(view, risk.level)}</span>`
}

export function riskName(view: View, level: string): string {
  return wordFor(view.t.risk, level)
}

export function scarcityName(view: View, scarcity: string): string {
  return wordFor(view.t.scarcity, scarcity)
}

function riskTone(level: string): string {
  if (level === 'extinct' || level === 'takedown-issued') return 'bad'
  return level === 'endangered' ? 'warn' : 'note'
}

/** The most serious risk that the author or an assessor states, so that no warning is hidden. */
export function worstRisk(dataset: defs.DatasetView): defs.Risk | undefined {
  const own = datasetRecord(dataset).risk
  const others = (dataset.assessments ?? []).map(({ record }) => (record as { risk?: defs.Risk }).risk)
  const said = [own, ...others].filter((risk) => risk !== undefined)
  return said.sort((a, b) => seriousness(b.level) - seriousness(a.level))[0]
}

const levels = ['unknown', 'watchlist', 'endangered', 'takedown-issued', 'extinct']

function seriousness(level: string): number {
  return levels.indexOf(level)
}

/** `expectedGone` in words, and how far away that is, if it is known. */
export function deadline(view: View, expectedGone: string | undefined): Html {
  if (!expectedGone) return nothing
  const latest = edtfBounds(expectedGone)?.latestMs
  const said = view.format.edtf(expectedGone)
  if (latest === undefined) return html`<bdi>${said}</bdi>`
  const when = new Date(latest).toISOString()
  return html`<time datetime="${when}">${said}</time> (${view.format.fromNow(when)})`
}

/** How many people have all of it now. */
export function holders(view: View, swarm: defs.Swarm | undefined): Html {
  const { t } = view
  if (swarm?.seeders === undefined) return html`<span class="swarm none">${t.swarm.unknown}</span>`
  const tone = swarm.seeders === 0 ? 'bad' : swarm.needsSeeders ? 'warn' : 'good'
  const leechers = swarm.leechers ? html`, ${t.swarm.fetching(swarm.leechers)}` : nothing
  return html`<span class="swarm ${tone}"><span class="dot" aria-hidden="true"></span>${t.swarm.heldBy(swarm.seeders)}${leechers}</span>`
}

/** The reasons why more seeders are needed, in words; empty when there are enough, or when nobody has counted. */
export function needReasons(
  view: View,
  swarm: defs.Swarm | undefined,
  webseeds: readonly defs.WebseedView[] = [],
): string[] {
  const { t } = view
  if (!swarm?.needsSeeders) return []
  const alive = webseeds.filter(({ status }) => status === 'verified').length
  const seeders = swarm.seeders ?? 0
  return [
    seeders === 0 ? t.needs.nobodySeeds : t.needs.onlySeeders(seeders),
    ...(seeders === 0 && swarm.lastSeederAt
      ? [t.needs.lastSeeder(view.format.fromNow(swarm.lastSeederAt))]
      : []),
    ...(seeders === 0 && !swarm.lastSeederAt ? [t.needs.neverSeeded] : []),
    ...(swarm.leechers ? [t.needs.waiting(swarm.leechers)] : []),
    alive === 0 ? t.needs.noWebseed : t.needs.webseedsOnly(alive),
  ]
}

export function needsBadge(view: View, swarm: defs.Swarm | undefined): Html {
  if (!swarm?.needsSeeders) return nothing
  return html`<span class="badge ${swarm.seeders === 0 ? 'bad' : 'warn'}">${view.t.needs.badge}</span>`
}

/** A badge for the status of a source when this index last checked it. */
export function statusBadge(view: View, status: string): Html {
  const tone = (
    {
      online: 'good',
      verified: 'good',
      degraded: 'warn',
      offline: 'bad',
      gone: 'bad',
      mismatch: 'bad',
      unreachable: 'bad',
    } as Record<string, string>
  )[status]
  return html`<span class="badge ${tone ?? 'note'}">${wordFor(view.t.probe, status)}</span>`
}
