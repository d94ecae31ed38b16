import { formatBytes, formatSeconds } from './quantities.ts'
import { isQuiet, repaint } from './terminal.ts'

export interface BarState {
  readonly label: string
  readonly done: number
  /** Null as long as it is not known. */
  readonly total: number | null
  /** `bytes` are printed with their units. */
  readonly unit: 'bytes' | 'items'
  /** A remark after the numbers. */
  readonly remark?: string
}

export interface ProgressBar extends Disposable {
  update(state: BarState): void
}

const redrawMs = 100
const rateWindowMs = 10_000

/** Draws a bar with rate and remaining time on standard error, but only if that is a terminal and output is not suppressed. */
export function progressBar(stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  if (!stream.isTTY || isQuiet()) return { update() {}, [Symbol.dispose]() {} }
  const samples: { at: number; done: number }[] = []
  let drawnAt = 0
  let label = ''
  return {
    update(state) {
      const now = performance.now()
      const finished = state.total !== null && state.done >= state.total
      if (now - drawnAt < redrawMs && !finished) return
      drawnAt = now
      // Another phase counts something else, so its rate starts afresh.
      if (state.label !== label) samples.length = 0
      label = state.label
      samples.push({ at: now, done: state.done })
      while (samples.length > 2 && now - samples[0]!.at > rateWindowMs) samples.shift()
      repaint(drawBar(state, rateOf(samples), stream.columns || 80), stream)
    },
    [Symbol.dispose]() {
      if (drawnAt > 0) repaint('', stream)
    },
  }
}

/** The text of the bar, no wider than `columns`. */
export function drawBar(state: BarState, perSecond: number | null, columns: number): string {
  const amount = (n: number) => (state.unit === 'bytes' ? formatBytes(n) : String(Math.round(n)))
  const parts = [
    state.total === null ? amount(state.done) : `${amount(state.done)} of ${amount(state.total)}`,
  ]
  if (perSecond !== null) parts.push(`${amount(perSecond)}/s`)
  if (perSecond && state.total !== null)
    parts.push(`${formatSeconds((state.total - state.done) / perSecond)} left`)
  if (state.remark) parts.push(state.remark)
  const numbers = parts.join('  ')
  const room = columns - 1 - state.label.length - numbers.length - 5
  const bar =
    state.total === null || room < 10
      ? ''
      : ` ${drawFill(state.done / Math.max(state.total, 1), Math.min(room, 30))}`
  return `${state.label}${bar}  ${numbers}`.slice(0, columns - 1)
}

function drawFill(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width)
  return `[${'='.repeat(filled)}${' '.repeat(width - filled)}]`
}

function rateOf(samples: readonly { at: number; done: number }[]): number | null {
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last || last.at - first.at < 500) return null
  return ((last.done - first.done) * 1000) / (last.at - first.at)
}
