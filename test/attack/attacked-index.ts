import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { collections } from '@holdfast/lexicons/nsid'
import { closerOf, listening } from '../network/closing.ts'
import { type HostilePds, startHostilePds } from '../network/hostile-pds.ts'
import { startPlc, type TestPlc } from '../network/plc.ts'
import { SignedRepo } from '../network/signed-repo.ts'
import { environmentFor } from '../system/environment.ts'
import { memoryOf } from '../system/process-memory.ts'
import { answering, startProgram } from '../system/program.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { call } from '../system/xrpc.ts'

/** An index in a process of its own, with an honest account on one server and attackers on another. */
export interface AttackedIndex extends AsyncDisposable {
  readonly url: string
  readonly plc: TestPlc
  /** The server of the accounts that the operator has not allowed. */
  readonly attacker: HostilePds
  /** A host on the network that has nothing to do with the attack, and counts the requests it receives. */
  readonly victim: Victim
  /** Makes an account on the attacker's server. */
  stranger(): Promise<SignedRepo>
  /** Allows an account, as an operator who was deceived would. */
  admit(account: SignedRepo): Promise<void>
  /** Writes a dataset of the honest account, which is allowed; resolves to the word it can be found by. */
  publishHonestly(): Promise<string>
  /** Sends a request to the index as if from this address. */
  ask(path: string, address?: string): Promise<Response>
  /** The resident memory of the index, in bytes. */
  memoryBytes(): number
  /** Everything the program has printed. */
  output(): string
}

export interface Victim extends AsyncDisposable {
  readonly url: string
  readonly port: number
  requests(): number
}

const token = 'the-operator-under-attack'
const program = fileURLToPath(new URL('../../appview/bin/holdfast-appview.mjs', import.meta.url))

/**
 * Starts the index. With `profileDirectory`, it writes a CPU profile of each of its threads there, for Chrome's
 * developer tools.
 */
export async function startAttackedIndex(
  options: { profileDirectory?: string } = {},
): Promise<AttackedIndex> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await scratchDirectory())
  const plc = stack.use(await startPlc())
  const attacker = stack.use(await startHostilePds())
  const honest = stack.use(await startHostilePds())
  const victim = stack.use(await startVictim())
  const sources = [attacker.url, honest.url]
  const usual = await environmentFor({ plcUrl: plc.url }, { sources, directory: directory.path })
  const url = usual.HOLDFAST_APPVIEW_URL
  const env = {
    ...usual,
    HOLDFAST_ADMISSION: 'reviewed',
    HOLDFAST_ADMIN_TOKEN: token,
    // The index is behind a proxy, like a public index, so the proxy states the client's address.
    HOLDFAST_PUBLIC_URL: url,
    HOLDFAST_OUTBOUND_HOST_GAP: '10s',
    ...profiling(options.profileDirectory),
  }
  const index = stack.use(startProgram(program, { args: ['serve'], env }))
  // A process that is killed writes no profile.
  if (options.profileDirectory) stack.defer(async () => void (await index.stop()))
  await answering(index, `${url}/health`)

  const person = await SignedRepo.create({ plc, pdsUrl: honest.url, handle: 'honest.test' })
  honest.host(person)
  const admit = async ({ did }: SignedRepo) => {
    await call(url, 'updateAdmission', { token, body: { subject: did, action: 'allow' } })
  }
  await admit(person)
  let published = 0
  let strangers = 0
  const resources = stack.move()
  return {
    url,
    plc,
    attacker,
    victim,
    async stranger() {
      const repo = await SignedRepo.create({
        plc,
        pdsUrl: attacker.url,
        handle: `stranger-${++strangers}.test`,
      })
      attacker.host(repo)
      return repo
    },
    admit,
    async publishHonestly() {
      const word = `kelpforest${String.fromCharCode(97 + (published % 26))}${published++}`
      const createdAt = new Date().toISOString()
      const record = { $type: collections.dataset, title: `Survey ${word}`, createdAt }
      honest.emit(await person.create(collections.dataset, word, record))
      return word
    },
    ask: (path, address = '198.51.100.7') => ask(`${url}${path}`, address),
    memoryBytes: () => memoryOf(index.process.pid).residentMB * 2 ** 20,
    output: () => index.output(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

/** Sends a request, and repeats it once, as browsers do, if a kept-alive connection was closed just as it was reused. */
async function ask(url: string, address: string): Promise<Response> {
  const request = { headers: { 'x-forwarded-for': address }, redirect: 'manual' as const }
  return fetch(url, request).catch(() => fetch(url, request))
}

function profiling(directory: string | undefined): Record<string, string> {
  return directory === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${directory}` }
}

async function startVictim(): Promise<Victim> {
  let requests = 0
  const server = createServer((_request, response) => {
    requests++
    response.writeHead(404).end()
  })
  const close = closerOf(server)
  const port = await listening(server.listen(0, '127.0.0.1'))
  return {
    url: `http://victim.localhost:${port}`,
    port,
    requests: () => requests,
    [Symbol.asyncDispose]: close,
  }
}
