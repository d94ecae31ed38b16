import { loadConfig as loadAppViewConfig } from '@holdfast/appview/config'
import { startAppView } from '@holdfast/appview/main'
import { loadConfig as loadTrackerConfig } from '@holdfast/tracker/config'
import { startTracker } from '@holdfast/tracker/main'
import { type Network, type NetworkOptions, startNetwork } from '../network/network.ts'
import { type Environment, environmentFor } from './environment.ts'

export interface System extends AsyncDisposable {
  readonly network: Network
  readonly env: Environment
  readonly appView: Awaited<ReturnType<typeof startAppView>>
  readonly tracker: Awaited<ReturnType<typeof startTracker>>
}

export interface SystemOptions extends NetworkOptions {
  /** Where the programs keep their files; the caller removes it. */
  directory: string
  /** PostgreSQL; PGlite in the directory without it. */
  databaseUrl?: string | undefined
  /** Variables on top of the usual ones. */
  env?: Readonly<Record<string, string>>
}

/** A hermetic network with an AppView and a tracker over it, all in this process. */
export async function startSystem(options: SystemOptions): Promise<System> {
  await using stack = new AsyncDisposableStack()
  const network = stack.use(await startNetwork(options))
  const { directory, databaseUrl } = options
  const usual = await environmentFor(network, { sources: [network.relayUrl], directory, databaseUrl })
  const env: Environment = { ...usual, ...options.env }
  const appView = stack.use(await startAppView(loadAppViewConfig(env)))
  const tracker = stack.use(await startTracker(loadTrackerConfig(env)))
  const resources = stack.move()
  return { network, env, appView, tracker, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}
