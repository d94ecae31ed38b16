import type { defs } from '@holdfast/lexicons'
import { edtfBounds } from '@holdfast/lexicons/edtf'
import { type Html, html, nothing } from '../html.ts'
import { wordFor } from '../i18n/word-for.ts'
import type { View } from '../view.ts'
import { datasetRecord } from './record.ts'

/** How endangered, as the author or an assessor sees it; nothing where nobody says. */
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

/** The most serious of what the author and the assessors say: a warning must not hide behind a calm one. */
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

/** `expectedGone` in words, with how long that is from now where it can be told. */
export function deadline(view: View, expectedGone: string | undefined): Html {
  if (!expectedGone) return nothing
  const latest = edtfBounds(expectedGone)?.latestMs
  const said = view.format.edtf(expectedGone)
  if (latest === undefined) return html`<bdi>${said}</bdi>`
  const when = new Date(latest).toISOString()
  return html`<time datetime="${when}">${said}</time> (${view.format.fromNow(when)})`
}

/** How many hold it now: the number that tells whether there are people here. */
export function holders(view: View, swarm: defs.Swarm | undefined): Html {
  const { t } = view
  if (swarm?.seeders === undefined) return html`<span class="swarm none">${t.swarm.unknown}</span>`
  const tone = swarm.seeders === 0 ? 'bad' : swarm.needsSeeders ? 'warn' : 'good'
  const leechers = swarm.leechers ? html`, ${t.swarm.fetching(swarm.leechers)}` : nothing
  return html`<span class="swarm ${tone}"><span class="dot" aria-hidden="true"></span>${t.swarm.heldBy(swarm.seeders)}${leechers}</span>`
}

/** Why more seeders are needed, in the reader's words; none where there are enough or nobody looked. */
export function needReasons(
  view: View,
  swarm: defs.Swarm | undefined,
  webSeeds: readonly defs.WebSeedView[] = [],
): string[] {
  const { t } = view
  if (!swarm?.needsSeeders) return []
  const alive = webSeeds.filter(({ status }) => status === 'verified').length
  const seeders = swarm.seeders ?? 0
  return [
    seeders === 0 ? t.needs.nobodySeeds : t.needs.onlySeeders(seeders),
    ...(seeders === 0 && swarm.lastSeederAt
      ? [t.needs.lastSeeder(view.format.fromNow(swarm.lastSeederAt))]
      : []),
    ...(seeders === 0 && !swarm.lastSeederAt ? [t.needs.neverSeeded] : []),
    ...(swarm.leechers ? [t.needs.waiting(swarm.leechers)] : []),
    alive === 0 ? t.needs.noWebSeed : t.needs.webSeedsOnly(alive),
  ]
}

export function needsBadge(view: View, swarm: defs.Swarm | undefined): Html {
  if (!swarm?.needsSeeders) return nothing
  return html`<span class="badge ${swarm.seeders === 0 ? 'bad' : 'warn'}">${view.t.needs.badge}</span>`
}

/** What this index found when it last looked at a source, beside what its author said. */
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
