import { collections } from '@holdfast/lexicons/nsid'
import { Command } from 'commander'
import { CommandError } from '../../command-error.ts'
import type { Connections } from '../../connections.ts'
import { type FoundMetainfo, findMetainfo } from '../../content/find-metainfo.ts'
import { onlyOne } from '../../content/open-torrent.ts'
import { print, printJson } from '../../output/terminal.ts'
import { contentRef } from '../../records/content-ref.ts'
import { putGuarded, type Written } from '../../records/put-guarded.ts'
import type { RecordJson, Repo } from '../../records/repo.ts'
import { nextTid } from '../../records/tid.ts'
import { assertValid } from '../../records/validate.ts'
import { checkSeed, webseedAt } from './check.ts'

interface Options {
  note?: string
  httpseed?: boolean
  check: boolean
  account?: string
  appview?: string
  json?: boolean
}

/** `holdfast webseed add`: publishes in one's own repo that an address serves some content, whoever published the content. */
export function webseedAddCommand(connections: Connections): Command {
  return new Command('add')
    .description('publish that an HTTP address serves a torrent’s files, after checking some pieces')
    .argument('<what>', '.torrent or its http(s) address, AT-URI, infohash or magnet link')
    .argument('<url>', 'the address; a folder of files ends in a slash (BEP 19)')
    .option('--note <text>', 'a note about it, such as how long it will stay available')
    .option('--httpseed', 'the address speaks BEP 17 rather than BEP 19')
    .option('--no-check', 'do not check that the address serves these bytes')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ holdfast webseed add at://did:plc:…/… https://mirror.example.org/files/',
    )
    .action(async (what: string, url: string, options: Options) => {
      const seed = webseedAt(url, options.httpseed)
      const found = onlyOne(await findMetainfo(connections, what, options.appview), what)
      if (options.check) await requireRight(connections, found, seed)
      const { repo } = await connections.signIn(options.account)
      const written = await putWebseed(repo, found, { ...seed, note: options.note })
      if (options.json) printJson(written)
      else print(`${written.uri} (${written.action})`)
    })
}

async function requireRight(
  connections: Connections,
  { metainfo }: FoundMetainfo,
  seed: ReturnType<typeof webseedAt>,
): Promise<void> {
  const report = await checkSeed(connections, metainfo, { seed, pieces: 4 })
  if (report.ok) return
  const problem = report.badPieces[0]?.problem ?? 'no piece could be checked'
  throw new CommandError(
    'failure',
    `${seed.url} does not serve these files: ${problem}. Nothing was published; --no-check publishes it anyway.`,
  )
}

interface Webseed {
  readonly url: string
  readonly kind: string
  readonly note: string | undefined
}

/** Writes a webseed record, or keeps the existing one that says the same about the same content. */
async function putWebseed(
  repo: Repo,
  { metainfo, uri }: FoundMetainfo,
  { url, kind, note }: Webseed,
): Promise<Written> {
  const { infoHashV1, infoHashV2 } = metainfo
  const subject = contentRef({ infoHashV1, infoHashV2, uri })
  const same = await findSame(repo, { infoHashV1, infoHashV2, url })
  const place = { collection: collections.webseed, rkey: same ?? nextTid() }
  return putGuarded(repo, place, (existing) => {
    const kept = (existing?.value ?? {}) as { note?: string; createdAt?: string; subject?: RecordJson }
    const record = {
      subject: { ...kept.subject, ...subject },
      url,
      kind,
      ...((note ?? kept.note) !== undefined && { note: note ?? kept.note }),
      createdAt: kept.createdAt ?? new Date().toISOString(),
    }
    assertValid(collections.webseed, record, 'The webseed')
    return record
  })
}

interface Subject {
  readonly infoHashV1: string | null
  readonly infoHashV2: string | null
  readonly url: string
}

async function findSame(repo: Repo, { infoHashV1, infoHashV2, url }: Subject): Promise<string | undefined> {
  for await (const { rkey, value } of repo.list(collections.webseed)) {
    const subject = (value.subject ?? {}) as { infoHashV1?: string; infoHashV2?: string }
    const sameContent =
      (infoHashV1 !== null && subject.infoHashV1 === infoHashV1) ||
      (infoHashV2 !== null && subject.infoHashV2 === infoHashV2)
    if (sameContent && value.url === url) return rkey
  }
  return undefined
}
