import { join } from 'node:path'
import { layEmbedded } from '@holdfast/appview/testing/backends'
import { freePort } from '../network/free-port.ts'
import type { Network } from '../network/network.ts'

/** The variables that all programs of one system on this machine share, as an operator would set them. */
export type Environment = Readonly<Record<string, string>> & {
  readonly HOLDFAST_APPVIEW_URL: string
  readonly HOLDFAST_TRACKERS: string
}

/**
 * The environment of an AppView and a tracker on free loopback ports, over a hermetic network, with their files below
 * `directory`.
 */
export async function environmentFor(
  network: Pick<Network, 'plcUrl'>,
  options: { sources: readonly string[]; directory: string; databaseUrl?: string | undefined },
): Promise<Environment> {
  const [port, trackerPort] = [await freePort(), await freePort()]
  const dataDir = join(options.directory, 'data')
  if (options.databaseUrl === undefined) await layEmbedded(dataDir)
  return {
    HOLDFAST_SOURCES: options.sources.map((url) => url.replace(/^http/, 'ws')).join(','),
    HOLDFAST_PLC_URL: network.plcUrl,
    HOLDFAST_DATA_DIR: dataDir,
    ...(options.databaseUrl === undefined ? {} : { HOLDFAST_DATABASE_URL: options.databaseUrl }),
    HOLDFAST_PORT: String(port),
    HOLDFAST_APPVIEW_URL: `http://127.0.0.1:${port}`,
    HOLDFAST_ALLOW_PRIVATE_HOSTS: 'true',
    // Our own hosts are asked as often as a test needs.
    HOLDFAST_OUTBOUND_HOST_GAP: '0s',
    HOLDFAST_TRACKER_PORT: String(trackerPort),
    HOLDFAST_TRACKER_UDP_PORT: String(trackerPort),
    HOLDFAST_TRACKERS: `http://127.0.0.1:${trackerPort}/announce,udp://127.0.0.1:${trackerPort}/announce`,
    HOLDFAST_ADMIN_TOKEN: 'the-operator-of-this-test',
    HOLDFAST_LOG_LEVEL: 'warn',
    HOLDFAST_CONFIG_DIR: join(options.directory, 'config'),
  }
}

/** The environment of somebody who publishes from a script with one account of the network. */
export function accountEnvironment(
  network: Network,
  index: number,
  env: Environment,
): Readonly<Record<string, string>> {
  const account = network.accounts[index]
  if (!account) throw new Error(`the network has no account ${index}`)
  return {
    ...env,
    HOLDFAST_IDENTIFIER: account.handle,
    HOLDFAST_APP_PASSWORD: account.password,
    HOLDFAST_PDS: account.pdsUrl,
  }
}
