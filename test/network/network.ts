import type { TestAccount } from './accounts.ts'
import * as accountSteps from './accounts.ts'
import { type PdsOptions, startPds, type TestPds } from './pds.ts'
import { startPlc, type TestPlc } from './plc.ts'
import { type Relay, type RelayOptions, startRelay } from './relay/relay.ts'
import { waitFor } from './wait-for.ts'

export interface NetworkOptions {
  /** The number of PDSes; 2 by default. */
  pdsCount?: number
  /** The names or the number of accounts, distributed over the PDSes in turn. By default one per PDS. */
  accounts?: readonly string[] | number
  /** Whether to start a relay; true by default. */
  relay?: boolean
  relayOptions?: Omit<RelayOptions, 'upstreams' | 'plcUrl'>
  /**
   * Options for every PDS, with the names of `PDS.fromEnv`: `blobUploadLimit`, `rateLimitsEnabled`,
   * `repoBackfillLimitMs`, …
   */
  pdsOptions?: PdsOptions
}

export type Network = AsyncDisposable & {
  readonly plcUrl: string
  /** An `http://` URL; replace it by `ws://` to subscribe. Throws an Error if the network has no relay. */
  readonly relayUrl: string
  readonly pdsUrls: readonly string[]
  readonly accounts: readonly TestAccount[]
  readonly plc: TestPlc
  readonly pds: readonly TestPds[]
  readonly relay: Relay
  /** Signs up `NAME.test`, by default at the PDS with the fewest accounts. */
  createAccount(name?: string, pdsIndex?: number): Promise<TestAccount>
  pdsOf(account: TestAccount): TestPds
  stopPds(index: number): Promise<void>
  /** Stops the server if it is running, and starts it on the same port and data. */
  restartPds(index: number): Promise<void>
  moveAccount(account: TestAccount, toPdsIndex: number): Promise<void>
  updateHandle(account: TestAccount, name: string): Promise<void>
  rotateSigningKey(account: TestAccount, resign?: boolean): Promise<void>
  tombstone(account: TestAccount): Promise<void>
  deleteAccount(account: TestAccount): Promise<void>
  takeDown(account: TestAccount, applied?: boolean): Promise<void>
  /** Uses up this many write points of the account, if `pdsOptions.rateLimitsEnabled` is set. */
  spendWritePoints(account: TestAccount, points: number): Promise<void>
  /** Resolves when the relay has received everything that the running PDSes have sequenced so far. */
  caughtUp(): Promise<void>
}

/**
 * Starts a PLC directory, PDSes with accounts, and a relay, all in this process and on loopback. All but the relay are
 * the real programs.
 */
export async function startNetwork(options: NetworkOptions = {}): Promise<Network> {
  const { pdsCount = 2, pdsOptions, accounts: wanted = pdsCount } = options
  await using starting = new AsyncDisposableStack()
  const plc = starting.use(await startPlc())
  const pds = await startAll(pdsCount, async () => starting.use(await startPds(plc.url, pdsOptions)))
  const upstreams = pds.map(({ url }) => url)
  const relay =
    options.relay === false
      ? undefined
      : starting.use(await startRelay({ ...options.relayOptions, upstreams, plcUrl: plc.url }))
  const names = typeof wanted === 'number' ? Array.from({ length: wanted }, (_, i) => nameOf(i)) : wanted
  const accounts = await startAll(names.length, (i) =>
    accountSteps.createAccount(pds[i % pds.length]!, names[i]!),
  )
  return assemble({ plc, pds, relay, accounts, disposables: starting.move() })
}

interface Parts {
  plc: TestPlc
  pds: readonly TestPds[]
  relay: Relay | undefined
  accounts: TestAccount[]
  disposables: AsyncDisposableStack
}

function assemble({ plc, pds, relay, accounts, disposables }: Parts): Network {
  const pdsAt = (index: number) => {
    const found = pds[index]
    if (!found) throw new RangeError(`no PDS ${index}; this network has ${pds.length}`)
    return found
  }
  const pdsOf = (account: TestAccount) => {
    const found = pds.find(({ url }) => url === account.pdsUrl)
    if (!found) throw new Error(`${account.handle} is at ${account.pdsUrl}, which is not of this network`)
    return found
  }
  const requireRelay = () => {
    if (!relay) throw new Error('this network was started with relay: false')
    return relay
  }
  return {
    plcUrl: plc.url,
    get relayUrl() {
      return requireRelay().url
    },
    pdsUrls: pds.map(({ url }) => url),
    accounts,
    plc,
    pds,
    get relay() {
      return requireRelay()
    },
    async createAccount(name = nameOf(accounts.length), pdsIndex = accounts.length % pds.length) {
      const account = await accountSteps.createAccount(pdsAt(pdsIndex), name)
      accounts.push(account)
      return account
    },
    pdsOf,
    stopPds: (index) => pdsAt(index).stop(),
    async restartPds(index) {
      await pdsAt(index).stop()
      await pdsAt(index).start()
    },
    moveAccount: (account, toPdsIndex) =>
      accountSteps.moveAccount(account, { from: pdsOf(account), to: pdsAt(toPdsIndex) }),
    updateHandle: accountSteps.updateHandle,
    rotateSigningKey: (account, resign) => accountSteps.rotateSigningKey(account, pdsOf(account), resign),
    tombstone: (account) => accountSteps.tombstone(account, { plc, pds: pdsOf(account) }),
    deleteAccount: (account) => accountSteps.deleteAccount(account, pdsOf(account)),
    takeDown: (account, applied) => accountSteps.takeDown(account, pdsOf(account), applied),
    spendWritePoints: accountSteps.spendWritePoints,
    caughtUp: () => caughtUp(pds, requireRelay()),
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  }
}

async function caughtUp(pds: readonly TestPds[], relay: Relay) {
  for (const { url, ctx } of pds.filter(({ running }) => running)) {
    const target = (await ctx.sequencer.curr()) ?? 0
    const upstream = relay.upstreams.find((candidate) => candidate.url === url)
    await waitFor(() => upstream && upstream.lastSeq >= target, {
      what: `the relay to reach ${target} in the stream of ${url}`,
    })
  }
}

/** Waits for all starts, so that a failure of one leaves none half started. */
async function startAll<T>(count: number, start: (index: number) => Promise<T>): Promise<T[]> {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, i) => start(i)))
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

const names = ['alice', 'bobby', 'carol', 'david', 'erika', 'frank', 'grace', 'heidi']
const nameOf = (index: number) => names[index] ?? `person-${index + 1}`
