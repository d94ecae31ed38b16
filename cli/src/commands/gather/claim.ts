import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { defs } from '@holdfast/lexicons'
import { getPart, releaseLease } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { counted } from '@holdfast/runtime/counted'
import { Command, Option } from 'commander'
import { CommandError, exitCodes } from '../../command-error.ts'
import type { Connections, SignedIn } from '../../connections.ts'
import { findMetainfo } from '../../content/find-metainfo.ts'
import { onlyOne } from '../../content/open-torrent.ts'
import { findOwnClaim, type OwnClaim, ownClaims, putClaim, renewedUntil } from '../../gather/claims.ts'
import { folderOf, type Gathered, gatherPart } from '../../gather/gather-part.ts'
import { isSurplus, type Taken, takePart } from '../../gather/take-part.ts'
import { formatBytes, parseBytes } from '../../output/quantities.ts'
import { note, plain, print, printJson, printTable } from '../../output/terminal.ts'
import { collect } from '../../publish/make-torrent.ts'
import { contentRef } from '../../records/content-ref.ts'

/** `holdfast claim …`. */
export function claimCommand(connections: Connections): Command {
  return new Command('claim')
    .addCommand(nextCommand(connections))
    .addCommand(listCommand(connections))
    .addCommand(renewCommand(connections))
    .addCommand(releaseCommand(connections))
    .addCommand(doneCommand(connections))
    .addCommand(failCommand(connections))
}

export interface NextOptions {
  by?: string
  max?: number
  run?: boolean
  dir: string
  account?: string
  appview?: string
  json?: boolean
}

/** Adds the options by which a part is chosen and gathered. */
export function nextOptions(command: Command): Command {
  return command
    .option('--by <handle>', 'parts that this account defined (default: the dataset’s author)')
    .addOption(new Option('--max <size>', 'no part larger than this, such as 50GB').argParser(parseBytes))
    .option('--dir <directory>', 'where the files are kept, a folder for each part', 'gathered')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--appview <url>', 'AppView that hands out the parts (HOLDFAST_APPVIEW_URL)')
    .option('--json', 'print JSON')
}

/** `holdfast claim next`: takes the next part, and with `--run` gathers it. */
function nextCommand(connections: Connections): Command {
  return nextOptions(
    new Command('next')
      .description('take the part that should be gathered next')
      .argument('[dataset]', 'AT-URI of a dataset (default: any)')
      .option('--run', 'gather it at once, and publish its torrent'),
  )
    .addHelpText(
      'after',
      `
The part is yours until the claim expires; renew it if you need longer, or give it back. With --run its files are fetched
by HTTP no faster than the server is to be asked, kept in a folder, and published as torrents whose first peer is the
server itself. If it is stopped, holdfast work goes on with it.

Exit code 3: no part is open.

Examples:
  $ holdfast claim next at://did:plc:…/…/tides
  $ holdfast claim next at://did:plc:…/…/tides --max 50GB --run --dir /data`,
    )
    .action(async (dataset: string | undefined, options: NextOptions) => {
      const account = await connections.signIn(options.account)
      const taken = await takeNext(connections, account, dataset, options)
      if (options.run)
        showGathered(await runPart(connections, account, { part: taken.lease.part, taken, options }), options)
      else if (options.json) printJson(takenJson(taken))
      else showTaken(taken)
    })
}

/** How often to take another part when somebody else has the one that was handed out. */
const mostTakes = 10

/** Takes the next part that the options allow; one to be gathered at once is given back if somebody else was earlier. */
export async function takeNext(
  connections: Connections,
  account: SignedIn,
  dataset: string | undefined,
  options: NextOptions,
): Promise<Taken> {
  const appview = await connections.appView(options.appview)
  const by = options.by && (await (await connections.identities()).resolve(options.by.replace(/^@/, ''))).did
  // Only what this program can fetch by itself is taken to be fetched at once.
  const tools = options.run ? ['http', 'aria2'] : undefined
  for (let takes = 1; ; takes++) {
    const taken = await takePart(appview, account, { dataset, by, maxBytes: options.max, tools })
    if (!options.run || takes === mostTakes || !(await isSurplus(appview, taken))) return taken
    note(`Somebody else took ${describePart(taken.lease.part)} a moment earlier; taking another.`)
    await putClaim(account.repo, taken.rkey, { status: 'released', finishedAt: new Date().toISOString() })
  }
}

export interface RunResult extends Gathered {
  readonly part: string
  readonly claim: string
  readonly directory: string
}

/** Gathers a part and says in its claim what came of it. */
export async function runPart(
  connections: Connections,
  account: SignedIn,
  {
    part,
    taken,
    options,
  }: { part: defs.PartView; taken: Pick<Taken, 'claim' | 'rkey'> & Partial<Taken>; options: NextOptions },
): Promise<RunResult> {
  const directory = folderOf(options.dir, part)
  const requestsPerMinute = await paceOf(directory, taken)
  const { sizeBytes } = part.record as { sizeBytes?: number }
  note(
    `Gathering ${describePart(part)} into ${directory}, ${counted(requestsPerMinute, 'request')} a minute.`,
  )
  using renewing = keepRenewing(account, taken.rkey)
  const gathered = await gatherPart(connections, account, {
    part,
    directory,
    requestsPerMinute,
    appview: options.appview,
  })
  renewing.stop()
  const torrents = gathered.torrents.map(contentRef)
  const isWhole = torrents.length > 0 && gathered.leftOut.length === 0
  const outcome =
    torrents.length > 0
      ? { status: 'done', torrents: torrents.slice(0, 100) }
      : { status: 'failed', failure: { code: 'other', message: reasonsOf(gathered.leftOut) } }
  await putClaim(account.repo, taken.rkey, {
    ...outcome,
    finishedAt: new Date().toISOString(),
    ...(isWhole && sizeBytes !== undefined && { progress: { bytesDone: sizeBytes, bytesTotal: sizeBytes } }),
    ...(gathered.leftOut.length > 0 && { note: reasonsOf(gathered.leftOut) }),
  })
  if (gathered.leftOut.length > 0 || torrents.length === 0) process.exitCode = exitCodes.failure
  return { ...gathered, part: part.uri, claim: taken.claim, directory }
}

/** Without a lease and without a note nothing is known of the pace; this is what each of twenty may do at the usual one. */
const usualPace = 15

/** The pace that the lease gave, which is noted beside the files for a run that goes on later. */
async function paceOf(
  directory: string,
  { claim, lease }: Pick<Taken, 'claim'> & Partial<Taken>,
): Promise<number> {
  const note = join(directory, 'claim.json')
  if (lease) {
    const { requestsPerMinute = usualPace } = lease.pace
    await mkdir(directory, { recursive: true })
    await writeFile(note, `${JSON.stringify({ claim, part: lease.part.uri, requestsPerMinute })}\n`)
    return requestsPerMinute
  }
  const noted = await readFile(note, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined)
  const isOurs =
    noted?.claim === claim && Number.isInteger(noted.requestsPerMinute) && noted.requestsPerMinute > 0
  return isOurs ? noted.requestsPerMinute : usualPace
}

function reasonsOf(leftOut: Gathered['leftOut']): string {
  return leftOut
    .slice(0, 20)
    .map(({ url, reason }) => `${url}: ${reason}`)
    .join('\n')
    .slice(0, 5_000)
}

/** Renews a claim at half of its time for as long as the part is being gathered. */
function keepRenewing({ repo }: SignedIn, rkey: string): Disposable & { stop(): void } {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const plan = async () => {
    const claim = (await repo.get(collections.claim, rkey)) as OwnClaim | undefined
    // Its owner may have deleted it meanwhile.
    if (!claim) return
    const left = Date.parse(claim.value.expiresAt) - Date.now()
    if (isOver) return
    timer = setTimeout(() => void renew(claim).catch(retry), Math.max(left / 2, 1_000))
    timer.unref()
  }
  const renew = async (claim: OwnClaim) => {
    if (isOver) return
    await putClaim(repo, rkey, { expiresAt: renewedUntil(claim) })
    await plan()
  }
  const retry = () => {
    timer = setTimeout(() => void plan().catch(retry), 60_000)
    timer.unref()
  }
  void plan().catch(retry)
  const stop = () => {
    isOver = true
    clearTimeout(timer)
  }
  return { stop, [Symbol.dispose]: stop }
}

/** `holdfast claim list`: one's own claims, from one's own repository. */
function listCommand(connections: Connections): Command {
  return new Command('list')
    .description('list the parts that you hold')
    .option('--all', 'also those that are done, released, failed or expired')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ holdfast claim list')
    .action(async ({ all = false, account, json }: { all?: boolean; account?: string; json?: boolean }) => {
      const { repo } = await connections.signIn(account)
      const claims = await ownClaims(repo, { all })
      if (json) printJson(claims.map(({ uri, cid, value }) => ({ uri, cid, record: value })))
      else if (claims.length === 0) print('You hold no part. Take one: holdfast claim next')
      else
        printTable(
          claims.map(({ uri, value }) => [
            value.status ?? 'in-progress',
            `until ${value.expiresAt}`,
            value.part.uri,
            uri,
          ]),
        )
    })
}

interface NamedOptions {
  account?: string
  appview?: string
  json?: boolean
}

function named(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('[claim]', 'AT-URI or key of the claim, or AT-URI of the part (default: the only one you hold)')
    .option('--account <handle>', 'one of the signed-in accounts')
    .option('--json', 'print JSON')
}

function show(written: { uri: string; action: string }, says: string, json: boolean | undefined): void {
  if (json) printJson(written)
  else print(`${written.uri}: ${says}`)
}

function renewCommand(connections: Connections): Command {
  return named('renew', 'keep a part for as long again')
    .option('--until <time>', 'keep it until then, at most for seven days')
    .addHelpText('after', '\nExample:\n  $ holdfast claim renew --until 2026-12-03T12:00Z')
    .action(async (name: string | undefined, { until, account, json }: NamedOptions & { until?: string }) => {
      const { repo } = await connections.signIn(account)
      const claim = await findOwnClaim(repo, name)
      const expiresAt = until === undefined ? renewedUntil(claim) : instantOf(until)
      show(
        await putClaim(repo, claim.rkey, { status: 'in-progress', expiresAt }),
        `yours until ${expiresAt}`,
        json,
      )
    })
}

function instantOf(text: string): string {
  const at = new Date(text)
  if (!Number.isNaN(at.getTime())) return at.toISOString()
  throw new CommandError('usage', `--until ${text} is no time; write one such as 2026-12-03T12:00Z.`)
}

function releaseCommand(connections: Connections): Command {
  return named('release', 'give a part back')
    .option('--lease <id>', 'give back a lease that no claim has followed')
    .option('--appview <url>', 'AppView that handed it out (HOLDFAST_APPVIEW_URL)')
    .addHelpText('after', '\nExample:\n  $ holdfast claim release')
    .action(
      async (
        name: string | undefined,
        { lease, account, appview, json }: NamedOptions & { lease?: string },
      ) => {
        const signedIn = await connections.signIn(account)
        if (lease !== undefined) {
          await (await connections.appView(appview)).call(releaseLease, { leaseId: lease }, signedIn)
          if (json) printJson({ leaseId: lease, action: 'released' })
          else print('The lease is given back.')
          return
        }
        const claim = await findOwnClaim(signedIn.repo, name)
        const fields = { status: 'released', finishedAt: new Date().toISOString() }
        show(await putClaim(signedIn.repo, claim.rkey, fields), 'given back', json)
      },
    )
}

function doneCommand(connections: Connections): Command {
  return named('done', 'say that a part is gathered, and by which torrents')
    .addOption(
      new Option(
        '--torrent <what>',
        'a .torrent, AT-URI, infohash or magnet link; may be repeated',
      ).argParser(collect),
    )
    .option('--appview <url>', 'AppView (HOLDFAST_APPVIEW_URL)')
    .addHelpText(
      'after',
      `
A part counts as gathered when a torrent record names it: holdfast claim next --run and holdfast work write such records.

Example:
  $ holdfast claim done --torrent tides.torrent`,
    )
    .action(async (name: string | undefined, options: NamedOptions & { torrent?: string[] }) => {
      const { repo } = await connections.signIn(options.account)
      const claim = await findOwnClaim(repo, name)
      const torrents = await Promise.all(
        (options.torrent ?? []).map(async (what) => {
          const { metainfo, uri } = onlyOne(await findMetainfo(connections, what, options.appview), what)
          return contentRef({ ...metainfo, uri })
        }),
      )
      const fields = {
        status: 'done',
        finishedAt: new Date().toISOString(),
        ...(torrents.length > 0 && { torrents }),
      }
      show(await putClaim(repo, claim.rkey, fields), 'done', options.json)
    })
}

const failureCodes = [
  'source-gone',
  'blocked',
  'login-needed',
  'too-slow',
  'too-large',
  'checksum-mismatch',
  'no-space',
  'other',
]

function failCommand(connections: Connections): Command {
  return named('fail', 'say that a part cannot be gathered, and why')
    .addOption(new Option('--code <code>', 'the kind of failure').choices(failureCodes).makeOptionMandatory())
    .option('--message <text>', 'what happened')
    .addHelpText(
      'after',
      `
A part that three people gave up for the same reason is not offered any more.

Example:
  $ holdfast claim fail --code blocked --message 'The server answers 403 to everything.'`,
    )
    .action(async (name: string | undefined, options: NamedOptions & { code: string; message?: string }) => {
      const { repo } = await connections.signIn(options.account)
      const claim = await findOwnClaim(repo, name)
      const failure = {
        code: options.code,
        ...(options.message !== undefined && { message: options.message }),
      }
      const fields = { status: 'failed', failure, finishedAt: new Date().toISOString() }
      show(await putClaim(repo, claim.rkey, fields), `given up (${options.code})`, options.json)
    })
}

/** The part of a claim of one's own, as the AppView shows it. */
export async function partOf(
  connections: Connections,
  { value }: OwnClaim,
  appview?: string,
): Promise<defs.PartView> {
  const { part } = await (await connections.appView(appview)).query(getPart, {
    uri: value.part.uri,
    item: value.part.item,
  })
  return part
}

function describePart(part: defs.PartView): string {
  const { title, sizeBytes } = part.record as { title?: string; sizeBytes?: number }
  return `${plain(title ?? part.uri)}${sizeBytes === undefined ? '' : ` (${formatBytes(sizeBytes)})`}`
}

function takenJson({ claim, lease, remaining }: Taken): unknown {
  const { part, expiresAt, leaseId, pace } = lease
  const { uri, cid, item, record, dataset, deadline } = part
  return {
    claim,
    part: { uri, cid, ...(item !== undefined && { item }), record, dataset, ...(deadline && { deadline }) },
    expiresAt,
    leaseId,
    pace,
    remaining,
  }
}

function showTaken({ claim, lease, remaining }: Taken): void {
  const { part, expiresAt, pace } = lease
  const { urls = [], prefixes = [] } = part.record as {
    urls?: { url: string }[]
    prefixes?: { url: string }[]
  }
  print(`${describePart(part)} is yours until ${expiresAt}.`)
  print(`claim     ${claim}`)
  print(`part      ${part.uri}`)
  if (pace.host)
    print(`pace      ${counted(pace.requestsPerMinute, 'request')} a minute to ${plain(pace.host)}`)
  for (const { url } of [...urls, ...prefixes].slice(0, 20)) print(`address   ${plain(url)}`)
  if (urls.length > 20) print(`          and ${urls.length - 20} more: holdfast parts show ${part.uri}`)
  print(`${remaining.open} open, ${remaining.taken} being gathered, ${remaining.gathered} gathered`)
}

/** Prints what came of a part. */
export function showGathered(result: RunResult, { json }: { json?: boolean }): void {
  const { part, claim, directory, torrents, leftOut } = result
  if (json) {
    printJson({ part, claim, directory, torrents, ...(leftOut.length > 0 && { leftOut }) })
    return
  }
  for (const { uri, magnet } of torrents) {
    print(uri)
    print(magnet)
  }
  if (torrents.length > 0)
    print(`Gathered into ${directory}. Keep the files, and add the torrents to your client to seed them.`)
  if (leftOut.length > 0) print(`${counted(leftOut.length, 'file')} could not be read.`)
}
