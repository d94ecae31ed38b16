import { type Authorities, defaultAuthorities, parseAuthorities } from '@holdfast/lexicons/authority'
import { anyText, urlOf } from '@holdfast/runtime/grammars'
import { ConfigError } from '@holdfast/runtime/operator-error'
import { readSettings } from '@holdfast/runtime/settings'
import { sharedSettings } from '@holdfast/runtime/shared-settings'
import { CommandError } from './command-error.ts'

/** The settings that environment variables give; command line options override them. */
export interface Config {
  readonly appviewUrl: string
  readonly plcUrl: string
  /** Lexicon authorities, the one to write under first. */
  readonly authorities: Authorities
  /** For development only: records of strangers may make us contact addresses inside this network. */
  readonly allowPrivateHosts: boolean
  /** If both of these are set, a run needs no stored account. */
  readonly identifier: string | undefined
  readonly appPassword: string | undefined
  readonly pdsUrl: string | undefined
  /** Where accounts and their secrets are stored; undefined means the system's usual place. */
  readonly configDirectory: string | undefined
}

export interface Credentials {
  readonly identifier: string
  readonly appPassword: string
}

/** Reads the environment variables. Throws one CommandError that lists every problem. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const settings = readSettings(env)
  const plcUrl = sharedSettings.plcUrl(settings)
  const [appviewUrl = defaultAppviewUrl] = sharedSettings.appviewUrls(settings, defaultAppviewUrl)
  const config: Config = {
    appviewUrl,
    plcUrl,
    authorities: settings.read('HOLDFAST_AUTHORITIES', parseAuthorities, defaultAuthorities.join(',')),
    allowPrivateHosts: sharedSettings.allowPrivateHosts(settings) || isLoopback(plcUrl),
    identifier: settings.read('HOLDFAST_IDENTIFIER', withoutAt),
    appPassword: settings.secret('HOLDFAST_APP_PASSWORD', anyText),
    pdsUrl: settings.read('HOLDFAST_PDS', urlOf('http', 'https')),
    configDirectory: settings.read('HOLDFAST_CONFIG_DIR', anyText),
  }
  try {
    settings.finish()
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError('usage', error.problems.join('\n'))
    throw error
  }
  return config
}

const defaultAppviewUrl = 'http://127.0.0.1:3000'
const withoutAt = (handle: string): string => handle.replace(/^@/, '')

/** Whether a URL is on this machine. A PLC directory here means a development network, whose other servers are here too. */
function isLoopback(url: string): boolean {
  const host = new URL(url).hostname
  return host === 'localhost' || host.startsWith('127.') || host === '[::1]'
}

/** Checks an http(s) address and removes its trailing slash. Throws a CommandError that names the setting. */
export function httpUrl(name: string, text: string): string {
  const url = URL.parse(text)
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return text.replace(/\/+$/, '')
  throw new CommandError('usage', `${name} is ${JSON.stringify(text)}; give an http:// or https:// address.`)
}
