import { searchDatasets } from '@holdfast/lexicons'
import { counted } from '@holdfast/runtime/counted'
import { Command, Option } from 'commander'
import { type AnswerOf, answerJson, type ParamsOf } from '../../appview.ts'
import { CommandError } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { formatBytes, parseBytes } from '../../output/quantities.ts'
import { shorten } from '../../output/shorten.ts'
import { type Cell, note, plain, print, printJson, printTable, remark } from '../../output/terminal.ts'
import { collect } from '../../publish/make-torrent.ts'

type Params = ParamsOf<typeof searchDatasets.main>
type Answer = AnswerOf<typeof searchDatasets.main>

interface Options {
  keyword?: string[]
  publisher?: string
  license?: string
  risk?: string[]
  scarcity?: string[]
  format?: string
  author?: string
  hasTorrent?: boolean
  torrent?: boolean
  minSeeders?: number
  maxSeeders?: number
  minSize?: number
  maxSize?: number
  goneBefore?: string
  createdAfter?: string
  createdBefore?: string
  indexedAfter?: string
  indexedBefore?: string
  assessedBy?: string[]
  sort?: string
  facet?: string[]
  limit?: number
  cursor?: string
  appview?: string
  json?: boolean
}

/** `holdfast search`: searches datasets at the AppView, with every filter of its lexicon. */
export function searchCommand(connections: Connections): Command {
  const command = new Command('search')
    .argument('[query...]', 'what to search for; an AT-URI, infohash or DOI finds what it identifies')
    .addHelpText(
      'after',
      `
Examples:
  $ holdfast search water levels
  $ holdfast search '"sea ice" -antarctic' --max-seeders 2 --sort fewest-seeders
  $ holdfast search --risk endangered --risk takedown-issued --no-torrent
  $ holdfast search drought --json | jq -r '.datasets[].uri'`,
    )
  for (const option of filters()) command.addOption(option)
  return command.action(async (words: string[], options: Options) => {
    const appview = await connections.appView(options.appview)
    const answer = await appview.query(searchDatasets, paramsOf(words, options))
    if (options.json) printJson(answerJson(answer))
    else show(answer, words.join(' '))
  })
}

function filters(): Option[] {
  return [
    new Option('--keyword <word>', 'with this keyword; may be repeated').argParser(collect),
    new Option('--publisher <name>', 'of this publisher'),
    new Option('--license <license>', 'under this license (SPDX or URL)'),
    new Option(
      '--risk <level>',
      'unknown, watchlist, endangered, takedown-issued, extinct; may be repeated',
    ).argParser(collect),
    new Option('--scarcity <kind>', 'source-only, preserved, …; may be repeated').argParser(collect),
    new Option('--format <type>', 'with this media type or format name'),
    new Option('--author <handle>', 'described by this account'),
    new Option('--has-torrent', 'with a torrent'),
    new Option('--no-torrent', 'without a torrent'),
    new Option('--min-seeders <n>', 'at least this many seeders').argParser(whole),
    new Option('--max-seeders <n>', 'at most this many seeders').argParser(whole),
    new Option('--min-size <size>', 'at least this large, such as 10MB').argParser(size),
    new Option('--max-size <size>', 'at most this large').argParser(size),
    new Option('--gone-before <time>', 'whose source is expected to disappear before then').argParser(time),
    new Option('--created-after <time>', 'written then or later').argParser(time),
    new Option('--created-before <time>', 'written before').argParser(time),
    new Option('--indexed-after <time>', 'first indexed then or later').argParser(time),
    new Option('--indexed-before <time>', 'first indexed before').argParser(time),
    new Option(
      '--assessed-by <handle>',
      'take risk and scarcity from this account only; may be repeated',
    ).argParser(collect),
    new Option('--sort <order>', 'relevance, newest, expected-gone, fewest-seeders, largest or smallest'),
    new Option('--facet <field>', 'count results by this field; may be repeated').argParser(collect),
    new Option('--limit <n>', 'how many results at most, up to 100').argParser(whole),
    new Option('--cursor <cursor>', 'print the next page; the previous page shows its cursor'),
    new Option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)'),
    new Option('--json', 'print the AppView’s answer as JSON'),
  ]
}

function paramsOf(words: string[], options: Options): Params {
  const params = {
    q: words.join(' ') || undefined,
    keyword: options.keyword,
    publisher: options.publisher,
    license: options.license,
    risk: options.risk,
    scarcity: options.scarcity,
    format: options.format,
    author: options.author?.replace(/^@/, ''),
    hasTorrent: options.hasTorrent ?? (options.torrent === false ? false : undefined),
    minSeeders: options.minSeeders,
    maxSeeders: options.maxSeeders,
    minSizeBytes: options.minSize,
    maxSizeBytes: options.maxSize,
    goneBefore: options.goneBefore,
    createdAfter: options.createdAfter,
    createdBefore: options.createdBefore,
    indexedAfter: options.indexedAfter,
    indexedBefore: options.indexedBefore,
    assessedBy: options.assessedBy,
    sort: options.sort,
    facets: options.facet,
    limit: options.limit,
    cursor: options.cursor,
  }
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined)) as Params
}

function show(
  { datasets, facets, cursor, hitsTotal, hitsEstimated, searchedQuery }: Answer,
  query: string,
): void {
  if (searchedQuery)
    remark(`Nothing matched the query as typed; these are the results for ${plain(searchedQuery)}.`)
  if (datasets.length === 0) {
    remark(query ? `No datasets match ${query}.` : 'No datasets match these filters.')
    return
  }
  const rows = datasets.map(({ record, uri, counts, swarm, author }): Cell[] => {
    const { title } = record as { title?: string }
    return [
      { style: 'bold', text: shorten(plain(String(title ?? '(untitled)')), 60) },
      counts?.sizeBytes ? formatBytes(counts.sizeBytes) : '',
      counts?.torrents ? counted(swarm?.seeders, 'seeder') : 'no torrent',
      plain(author.handle ?? author.did),
      { style: 'dim', text: plain(uri) },
    ]
  })
  printTable(rows)
  for (const { field, values } of facets ?? [])
    print(
      `${plain(field)}: ${values.map(({ value, label, count }) => `${plain(label ?? value)} (${count})`).join(', ')}`,
    )
  if (hitsTotal !== undefined) note(`${hitsEstimated ? 'about ' : ''}${hitsTotal} results`)
  if (cursor) note(`More results with --cursor ${plain(cursor)}`)
}

function whole(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0) return value
  throw new CommandError('usage', `${JSON.stringify(text)} is not a whole number.`)
}

function size(text: string): number {
  try {
    return parseBytes(text)
  } catch (cause) {
    throw new CommandError('usage', (cause as Error).message, { cause })
  }
}

/** Reads a day or a time, and returns it in the form of the lexicon's datetime. */
function time(text: string): string {
  const ms = Date.parse(text)
  if (Number.isNaN(ms))
    throw new CommandError(
      'usage',
      `${JSON.stringify(text)} is not a time; write 2026-11-20 or 2026-11-20T12:00:00Z.`,
    )
  return new Date(ms).toISOString()
}
