import { counted } from '@holdfast/runtime/counted'
import { CommandError, exitCodes } from '../command-error.ts'
import { progressBar } from '../output/progress-bar.ts'
import { formatSeconds } from '../output/quantities.ts'
import { note, plain, print, printJson, warn } from '../output/terminal.ts'
import { describeNotes } from '../publish/merge-notes.ts'
import type { WrittenDataset } from '../publish/put-dataset.ts'
import type { LeftOver } from './fields.ts'
import { describeHomeless, firstOf, kindOfField } from './left-over.ts'
import type { ListedOutcome } from './publish-listed.ts'
import type { Input } from './read-input.ts'

/** Tells a person, or with `json` a program, what an import does. */
export interface ImportReport extends Disposable {
  waits(waitMs: number): void
  failed(name: string, problem: string): void
  /** A torrent of the dataset that `written` tells of next. */
  torrent(listed: ListedOutcome): void
  written(dataset: WrittenDataset, leftOver: readonly LeftOver[]): void
  /** The error of a run that was stopped before its end. */
  stopped(): CommandError
  /** The summary; sets the exit code if anything failed. */
  ends(): void
}

const nothing = { created: 0, updated: 0, unchanged: 0, failed: 0 }

export function createImportReport(
  input: Pick<Input, 'kind' | 'count'>,
  { json = false }: { json?: boolean | undefined },
): ImportReport {
  const bar = progressBar()
  const [datasets, torrents] = [{ ...nothing }, { ...nothing }]
  const homeless = new Set<string>()
  const edited: (readonly string[])[] = []
  let listed: ListedOutcome[] = []
  const show = (remark?: string) =>
    bar.update({
      ...{ label: input.kind, done: total(datasets), total: input.count, unit: 'items' },
      ...(remark && { remark }),
    })
  return {
    waits(waitMs) {
      const remark = `waiting ${formatSeconds(waitMs / 1000)} for the PDS’s rate limit`
      if (waitMs > 30_000 && !process.stderr.isTTY) warn(remark)
      else show(remark)
    },
    failed(name, problem) {
      datasets.failed++
      reportFault(name, problem, { json })
      show()
    },
    torrent(outcome) {
      listed.push(outcome)
      torrents['problem' in outcome ? 'failed' : outcome.action]++
      if ('problem' in outcome && !json) warn(`torrent ${outcome.infoHash}: ${plain(outcome.problem)}`)
    },
    written(dataset, leftOver) {
      datasets[dataset.action]++
      for (const { field } of leftOver) homeless.add(kindOfField(field))
      if (json) printJson({ ...dataset, ...(listed.length > 0 && { torrents: listed }) })
      else tellNotes(dataset)
      if (dataset.kept) edited.push(dataset.kept)
      listed = []
      show()
    },
    stopped: () =>
      new CommandError(
        'interrupted',
        `Stopped (${summaryOf(datasets)} of ${input.count}); run the same command again to resume.`,
      ),
    ends() {
      if (homeless.size > 0) warn(`${describeHomeless(homeless)}; --dry-run shows them.`)
      const hasTorrents = total(torrents) > 0
      if (json) printJson({ total: input.count, ...datasets, ...(hasTorrents && { torrents }) })
      else {
        print(`${counted(input.count, 'dataset')}: ${summaryOf(datasets)}`)
        if (hasTorrents) print(`${counted(total(torrents), 'torrent')}: ${summaryOf(torrents)}`)
        if (edited.length > 0) print(describeKept(edited))
      }
      if (datasets.failed > 0 || torrents.failed > 0) process.exitCode = exitCodes.failure
    },
    [Symbol.dispose]: () => bar[Symbol.dispose](),
  }
}

/** Tells of an entry that cannot be imported. */
export function reportFault(name: string, problem: string, { json }: { json?: boolean | undefined }): void {
  if (json) printJson({ name, problem })
  else warn(`${plain(name)}: ${problem}`)
}

/** Says which fields an import replaced without knowing who had written them. */
function tellNotes({ uri, replaced, removed }: WrittenDataset): void {
  for (const line of describeNotes({ ...(replaced && { replaced }) }, 'the catalog')) warn(`${uri}: ${line}`)
  for (const line of describeNotes({ ...(removed && { removed }) }, 'the catalog')) note(`${uri}: ${line}`)
}

/** Says which fields the import left as their owner changed them. */
function describeKept(edited: readonly (readonly string[])[]): string {
  const names = firstOf([...new Set(edited.flat())])
  return `${counted(edited.length, 'record')} with fields kept as you changed them (${names}); --json names them, --replace-fields replaces them with the catalog’s.`
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function summaryOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}
