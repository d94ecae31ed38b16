import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AppContext, PDS, type ServerEnvironment } from '@atproto/pds'
import { closerOf, listening } from './closing.ts'
import { freePort } from './free-port.ts'

export type PdsOptions = Partial<ServerEnvironment>

export type TestPds = AsyncDisposable & {
  /** The URL, which stays the same after a restart. */
  readonly url: string
  readonly did: string
  /** Basic credentials for `com.atproto.admin.*`. */
  readonly adminHeaders: Readonly<Record<string, string>>
  readonly running: boolean
  /** The internal parts of the running server (sequencer, actor store, PLC key); throws an Error while it is stopped. */
  readonly ctx: AppContext
  stop(): Promise<void>
  start(): Promise<void>
}

/**
 * Starts the reference PDS on a free loopback port with its data in a temporary directory, which is removed on
 * disposal. `options` are those of `PDS.fromEnv`, such as `blobUploadLimit`, `rateLimitsEnabled` or
 * `repoBackfillLimitMs`.
 */
export async function startPds(plcUrl: string, options: PdsOptions = {}): Promise<TestPds> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-pds-'))
  const port = options.port ?? (await freePort())
  const adminPassword = options.adminPassword ?? 'admin'
  const env = environment({ directory, port, plcUrl, options: { ...options, adminPassword } })
  let live: LivePds | undefined
  const stop = async () => {
    const stopping = live
    live = undefined
    await stopping?.stop()
  }
  const pds: TestPds = {
    url: `http://localhost:${port}`,
    did: env.serviceDid!,
    adminHeaders: { authorization: `Basic ${Buffer.from(`admin:${adminPassword}`).toString('base64')}` },
    get running() {
      return live !== undefined
    },
    get ctx() {
      if (!live) throw new Error(`the PDS at port ${port} is stopped; start it first`)
      return live.ctx
    },
    stop,
    async start() {
      live ??= await launch(env)
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
  await pds.start()
  return pds
}

interface LivePds {
  ctx: AppContext
  stop(): Promise<void>
}

async function launch(env: ServerEnvironment): Promise<LivePds> {
  const pds = await PDS.fromEnv(env)
  // This does what PDS.start() does, but listens on loopback only, because nobody else on the network may sign up here.
  await pds.ctx.sequencer.start()
  const server = pds.app.listen(env.port!, '127.0.0.1')
  const close = closerOf(server)
  await listening(server)
  return {
    ctx: pds.ctx,
    async stop() {
      await close()
      await pds.destroy()
      // The PDS leaves these two open until the process ends.
      pds.ctx.sequencer.db.close()
      pds.ctx.didCache.db.close()
    },
  }
}

interface Place {
  directory: string
  port: number
  plcUrl: string
  options: PdsOptions
}

const environment = ({ directory, port, plcUrl, options }: Place): ServerEnvironment => ({
  devMode: true,
  hostname: 'localhost',
  serviceDid: `did:web:localhost%3A${port}`,
  dataDirectory: directory,
  blobstoreDiskLocation: join(directory, 'blobs'),
  blobstoreDiskTmpLocation: join(directory, 'blobs-tmp'),
  didPlcUrl: plcUrl,
  serviceHandleDomains: ['.test'],
  inviteRequired: false,
  disableSsrfProtection: true,
  jwtSecret: randomBytes(16).toString('hex'),
  dpopSecret: randomBytes(32).toString('hex'),
  plcRotationKeyK256PrivateKeyHex: randomBytes(32).toString('hex'),
  bskyAppViewUrl: 'https://appview.invalid',
  bskyAppViewDid: 'did:example:invalid',
  ...options,
  port,
})
