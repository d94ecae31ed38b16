import type { defs } from '@holdfast/lexicons'
import { type Html, html, nothing } from '../../html.ts'
import type { View } from '../../view.ts'

const width = 640
const height = 172
const bottom = 34
const top = 8

/**
 * Plots the history of a swarm as an SVG. Seeders and leechers are drawn as steps, since a count applies until the next one.
 * Empty for fewer than two points.
 */
export function swarmPlot(view: View, swarm: defs.Swarm | undefined): Html {
  const points = [...(swarm?.history ?? [])]
    .reverse()
    .map(({ at, seeders, leechers }) => ({ ms: Date.parse(at), seeders, leechers }))
  const first = points[0]
  const last = points.at(-1)
  if (!first || !last || first.ms === last.ms) return nothing
  const endMs = Math.max(last.ms, swarm?.checkedAt ? Date.parse(swarm.checkedAt) : 0)
  const most = niceCeiling(Math.max(1, ...points.flatMap(({ seeders, leechers }) => [seeders, leechers])))
  const { t, format } = view
  const left = 14 + 12 * format.number(most).length
  const x = (ms: number) => left + ((ms - first.ms) / (endMs - first.ms)) * (width - left - 6)
  const y = (value: number) => top + (1 - value / most) * (height - top - bottom)
  const steps = (pick: 'seeders' | 'leechers') => {
    const path = points.map(
      (point, i) =>
        `${i === 0 ? 'M' : 'H'}${round(x(point.ms))}${i === 0 ? ' ' : 'V'}${round(y(point[pick]))}`,
    )
    return `${path.join('')}H${round(x(endMs))}`
  }
  const summary = t.swarm.plot({
    from: format.date(new Date(first.ms).toISOString()),
    to: format.date(new Date(endMs).toISOString()),
    least: Math.min(...points.map(({ seeders }) => seeders)),
    most: Math.max(...points.map(({ seeders }) => seeders)),
    now: last.seeders,
  })
  return html`<figure class="plot">
<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${summary}">
${[0, most / 2, most].map((value) => html`<path class="grid" d="M${left} ${round(y(value))}H${width - 6}"/><text x="${left - 6}" y="${round(y(value) + 4)}" text-anchor="end">${format.number(value)}</text>`)}
<text x="${left}" y="${height - 4}">${format.date(new Date(first.ms).toISOString())}</text>
<text x="${width - 6}" y="${height - 4}" text-anchor="end">${format.date(new Date(endMs).toISOString())}</text>
<path class="leechers" d="${steps('leechers')}"/>
<path class="seeders" d="${steps('seeders')}"/>
</svg>
<figcaption><span class="key seeders">${t.swarm.seeders}</span> <span class="key leechers">${t.swarm.leechers}</span><p>${summary}</p></figcaption>
</figure>`
}

/** A plot as wide as a word, for lists. */
export function sparkline(view: View, swarm: defs.Swarm | undefined): Html {
  const points = [...(swarm?.history ?? [])].slice(0, 60).reverse()
  if (points.length < 2) return nothing
  const from = Date.parse(points[0]!.at)
  const span = Math.max(1, Date.parse(points.at(-1)!.at) - from)
  const most = Math.max(1, ...points.map(({ seeders }) => seeders))
  const path = points.map(({ at, seeders }, i) => {
    const [x, y] = [round(((Date.parse(at) - from) / span) * 78 + 1), round(19 - (seeders / most) * 17)]
    return i === 0 ? `M${x} ${y}` : `H${x}V${y}`
  })
  return html`<svg class="spark" viewBox="0 0 80 20" width="80" height="20" role="img" aria-label="${view.t.swarm.history}"><path d="${path.join('')}"/></svg>`
}

/** The next of 2, 4, 10, 20, 40, 100, …, whose half is a whole number for the line in the middle. */
function niceCeiling(value: number): number {
  for (let scale = 1; ; scale *= 10) {
    const step = [2, 4, 10].find((step) => step * scale >= value)
    if (step !== undefined) return step * scale
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
