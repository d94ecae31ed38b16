import { loadConfig as loadAppViewConfig } from '@holdfast/appview/config'
import { startAppView } from '@holdfast/appview/main'
import { loadConfig as loadTrackerConfig } from '@holdfast/tracker/config'
import { startTracker } from '@holdfast/tracker/main'
import { type Network, type NetworkOptions, startNetwork } from '../network/network.ts'
import { type Environment, environmentFor } from './environment.ts'
import { scratchDirectory } from './scratch.ts'
import type { Store } from './stores.ts'

export interface System extends AsyncDisposable {
  readonly network: Network
  readonly env: Environment
  readonly appView: Awaited<ReturnType<typeof startAppView>>
  readonly tracker: Awaited<ReturnType<typeof startTracker>>
}

export interface SystemOptions extends NetworkOptions {
  /** The directory for the programs' files; the caller removes it. */
  directory: string
  /** The URL of PostgreSQL; without it, PGlite in the directory is used. */
  databaseUrl?: string | undefined
  /** Variables in addition to the usual ones. */
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

/** A hermetic network, and what the programs of one system over it need: a directory, a store, variables. */
export interface Surroundings extends AsyncDisposable {
  readonly network: Network
  readonly directory: string
  readonly env: Environment
}

/** Makes only the environment, for stories that start the programs themselves. */
export async function prepareSystem({ create }: Pick<Store, 'create'>): Promise<Surroundings> {
  await using stack = new AsyncDisposableStack()
  const network = stack.use(await startNetwork())
  const { path: directory } = stack.use(await scratchDirectory())
  const store = stack.use(await create())
  const env = await environmentFor(network, { sources: [network.relayUrl], directory, ...store })
  const resources = stack.move()
  return { network, directory, env, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}
