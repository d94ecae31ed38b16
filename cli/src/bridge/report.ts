import { counted } from '@holdfast/runtime/counted'
import { CommandError, exitCodes } from '../command-error.ts'
import { describeHomeless } from '../import/left-over.ts'
import { progressBar } from '../output/progress-bar.ts'
import { formatSeconds } from '../output/quantities.ts'
import { note, plain, print, printJson, remark, warn } from '../output/terminal.ts'
import { describeNotes } from '../publish/merge-notes.ts'
import type { Found } from './detect.ts'
import type { FilesEvent } from './files.ts'
import type { FollowEvent } from './follow.ts'

/** Tells a person, or with `--json` a program, what a bridge does. */
export interface Report extends Disposable {
  begins(found: Found): void
  tell(event: FollowEvent | FilesEvent): void
  waits(waitMs: number, reason: string): void
  waitsForServer(waitMs: number): void
  ends(): void
}

export interface ReportOptions {
  readonly dryRun?: boolean | undefined
  readonly json?: boolean | undefined
}

export function createReport(options: ReportOptions): Report {
  const bar = progressBar()
  const counts = { created: 0, updated: 0, unchanged: 0, removed: 0, skipped: 0, failed: 0 }
  const torrents = { torrents: 0, unread: 0 }
  const homeless = new Set<string>()
  let [listed, others, planned, written, isLimited, held] = [0, 0, 0, 0, false, 0]
  let kind = ''
  const show = (remarkText?: string) =>
    bar.update(
      planned > 0
        ? {
            label: 'writing',
            done: written,
            total: planned,
            unit: 'items',
            ...(remarkText && { remark: remarkText }),
          }
        : {
            label: 'reading',
            done: listed,
            total: null,
            unit: 'items',
            ...(remarkText && { remark: remarkText }),
          },
    )
  const waits = (waitMs: number, reason: string) => {
    const text = `${reason}; waiting ${formatSeconds(waitMs / 1000)}`
    if (waitMs > 30_000 && !process.stderr.isTTY) warn(text)
    else show(text)
  }
  const line = (json: object, text?: () => void) => (options.json ? printJson(json) : text?.())
  const tell = (event: FollowEvent | FilesEvent) => {
    switch (event.action) {
      case 'read':
        listed = event.listed
        others += event.others
        counts.unchanged += event.unchanged
        return
      case 'incomplete':
        return warn(
          `The source says that it has ${counted(event.total, 'dataset')}, but lists ${event.listed}. What is missing is not marked as removed.`,
        )
      case 'planned':
        planned = event.writes
        if (event.seconds > 0)
          remark(
            `${counted(event.writes, 'dataset')} to write. At the usual limits of a server (2,500 an hour, 17,500 a day) this takes about ${describeDuration(event.seconds)}. You can stop at any time and run the same command again.`,
          )
        return
      case 'written':
        written++
        counts[event.written.action]++
        for (const field of event.leftOver) homeless.add(field)
        return line({ sourceId: event.sourceId, ...event.written }, () => tellWritten(event, options))
      case 'removed':
        counts.removed++
        return line({ sourceId: event.sourceId, ...event.written, action: 'removed' }, () =>
          print(`removed by the source: ${plain(event.sourceId)} (${event.written.uri} stays, marked)`),
        )
      case 'skipped':
        written++
        counts.skipped++
        return line(event, () => warn(`${plain(event.sourceId)}: ${event.reason}`))
      case 'failed':
        written++
        counts.failed++
        return line(event, () => warn(`${plain(event.sourceId)}: ${event.problem}`))
      case 'torrent':
        torrents.torrents++
        return line({ sourceId: event.sourceId, torrent: event.torrent })
      case 'no-torrent':
        torrents.unread++
        return line(event, () => warn(`${plain(event.sourceId)}: no torrent of ${event.problem}`))
      case 'limited':
        isLimited = true
        return
      case 'held':
        held = event.leaving
    }
  }
  return {
    begins(found) {
      kind = found.kind
      note(`${found.url} is read as ${found.kind}.`)
    },
    tell(event) {
      tell(event)
      show()
    },
    waits,
    waitsForServer: (waitMs) => waits(waitMs, 'the PDS’s rate limit is used up'),
    ends() {
      bar[Symbol.dispose]()
      if (homeless.size > 0) warn(`${describeHomeless(homeless)}.`)
      if (options.json)
        printJson({
          kind,
          listed,
          others,
          ...counts,
          ...(torrents.torrents + torrents.unread > 0 && torrents),
          ...(isLimited && { isLimited }),
          ...(held > 0 && { held }),
        })
      else {
        const numbers = Object.entries(counts).map(([name, number]) => `${number} ${name}`)
        print(
          `${options.dryRun ? 'Would be: ' : ''}${counted(listed, 'dataset')} read: ${numbers.join(', ')}`,
        )
        if (torrents.torrents > 0) print(`${counted(torrents.torrents, 'torrent')} of their files published`)
        if (others > 0)
          print(`${counted(others, 'record')} of other types left out; --every-type takes them.`)
        if (isLimited) print('The limit is reached; run the same command again for the rest.')
      }
      if (counts.failed + torrents.unread > 0) process.exitCode = exitCodes.failure
      if (held > 0)
        throw new CommandError(
          'failure',
          `${counted(held, 'dataset')} are gone from the source, which is most of them. Nothing was marked as removed, since the source itself may be at fault. If they are really gone, run the same command with --yes.`,
        )
    },
    [Symbol.dispose]: () => bar[Symbol.dispose](),
  }
}

function tellWritten(
  { written }: Extract<FollowEvent, { action: 'written' }>,
  { dryRun }: ReportOptions,
): void {
  const { uri, action, kept, replaced, removed } = written
  if (dryRun) print(`${action}: ${uri}`)
  const tell = (notes: Parameters<typeof describeNotes>[0], say: (text: string) => void) => {
    for (const text of describeNotes(notes, 'the source')) say(`${uri}: ${text}`)
  }
  if (kept) tell({ kept }, remark)
  if (replaced) tell({ replaced }, warn)
  if (removed) tell({ removed }, note)
}

function describeDuration(seconds: number): string {
  const [days, hours] = [Math.floor(seconds / 86_400), Math.round((seconds % 86_400) / 3_600)]
  return [days > 0 ? counted(days, 'day') : '', hours > 0 ? counted(hours, 'hour') : '']
    .filter(Boolean)
    .join(' and ')
}
