import { searchDatasets } from '@holdfast/lexicons'
import { Command, Option } from 'commander'
import { type AnswerOf, answerJson, type ParamsOf } from '../../appview.ts'
import type { Connections } from '../../connections.ts'
import { Failure } from '../../failure.ts'
import { formatBytes, parseBytes } from '../../output/quantities.ts'
import { formatTable, shorten } from '../../output/table.ts'
import { note, paint, plain, print, printJson } from '../../output/terminal.ts'
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

/** `holdfast search`: datasets at the AppView, by every filter its lexicon has. */
export function searchCommand(connections: Connections): Command {
  const command = new Command('search')
    .description('search datasets by words, "phrases", -exclusions and field:value')
    .argument('[query...]', 'what to search for; an AT-URI, infohash or DOI leads straight there')
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
    else show(answer)
  })
}

function filters(): Option[] {
  return [
    new Option('--keyword <word>', 'with this keyword; may be repeated').argParser(collect),
    new Option('--publisher <name>', 'of this publisher'),
    new Option('--license <license>', 'under this licence (SPDX or URL)'),
    new Option(
      '--risk <level>',
      'unknown, watchlist, endangered, takedown-issued, extinct; may be repeated',
    ).argParser(collect),
    new Option('--scarcity <kind>', 'source-only, preserved, …; may be repeated').argParser(collect),
    new Option('--format <type>', 'with this media type or format name'),
    new Option('--author <handle>', 'described by this account'),
    new Option('--has-torrent', 'with a torrent'),
    new Option('--no-torrent', 'without a torrent'),
    new Option('--min-seeders <n>', 'at least so many seeders').argParser(whole),
    new Option('--max-seeders <n>', 'at most so many seeders').argParser(whole),
    new Option('--min-size <size>', 'at least so large, such as 10MB').argParser(size),
    new Option('--max-size <size>', 'at most so large').argParser(size),
    new Option('--gone-before <time>', 'whose source is expected to go before then').argParser(time),
    new Option('--created-after <time>', 'written then or later').argParser(time),
    new Option('--created-before <time>', 'written before').argParser(time),
    new Option('--indexed-after <time>', 'first indexed then or later').argParser(time),
    new Option('--indexed-before <time>', 'first indexed before').argParser(time),
    new Option(
      '--assessed-by <handle>',
      'take risk and scarcity from this account only; may be repeated',
    ).argParser(collect),
    new Option('--sort <order>', 'relevance, newest, risk-deadline, fewest-seeders, largest or smallest'),
    new Option('--facet <field>', 'count results by this field; may be repeated').argParser(collect),
    new Option('--limit <n>', 'how many at most, up to 100').argParser(whole),
    new Option('--cursor <cursor>', 'the next page, from the previous one'),
    new Option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)'),
    new Option('--json', 'print JSON, as the AppView answers'),
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

function show({ datasets, facets, cursor, hitsTotal, hitsEstimated, matched }: Answer): void {
  if (matched) note(`Nothing matched as typed; this is for ${plain(matched)}.`)
  if (datasets.length === 0) {
    note('Nothing found.')
    return
  }
  const rows = datasets.map(({ record, uri, counts, swarm, author }) => {
    const { title } = record as { title?: string }
    return [
      paint('bold', shorten(plain(String(title ?? '(untitled)')), 60)),
      counts?.sizeBytes ? formatBytes(counts.sizeBytes) : '',
      counts?.torrents ? `${swarm?.seeders ?? '?'} seeders` : 'no torrent',
      plain(author.handle ?? author.did),
      paint('dim', uri),
    ]
  })
  print(formatTable(rows))
  for (const { field, values } of facets ?? [])
    print(
      `${field}: ${values.map(({ value, label, count }) => `${plain(label ?? value)} (${count})`).join(', ')}`,
    )
  if (hitsTotal !== undefined) note(`${hitsEstimated ? 'about ' : ''}${hitsTotal} results`)
  if (cursor) note(`More with --cursor ${cursor}`)
}

function whole(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0) return value
  throw new Failure('usage', `${JSON.stringify(text)} is no whole number.`)
}

function size(text: string): number {
  try {
    return parseBytes(text)
  } catch (cause) {
    throw new Failure('usage', (cause as Error).message, { cause })
  }
}

/** A day or a time, as the lexicon's datetime. */
function time(text: string): string {
  const ms = Date.parse(text)
  if (Number.isNaN(ms))
    throw new Failure(
      'usage',
      `${JSON.stringify(text)} is no time; write 2026-11-20 or 2026-11-20T12:00:00Z.`,
    )
  return new Date(ms).toISOString()
}
