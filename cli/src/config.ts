import { type Authorities, parseAuthorities } from '@holdfast/lexicons/authority'
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
  const problems: string[] = []
  const read = <T>(parse: () => T, otherwise: T): T => {
    try {
      return parse()
    } catch (error) {
      problems.push((error as Error).message)
      return otherwise
    }
  }
  const url = (name: string) =>
    read(() => (env[name] ? httpUrl(name, env[name].split(',')[0]!.trim()) : undefined), undefined)
  const config: Config = {
    appviewUrl: url('HOLDFAST_APPVIEW_URL') ?? 'http://127.0.0.1:3000',
    plcUrl: url('HOLDFAST_PLC_URL') ?? 'https://plc.directory',
    authorities: read(() => parseAuthorities(env.HOLDFAST_AUTHORITIES), parseAuthorities(undefined)),
    allowPrivateHosts:
      /^(1|true|on|yes)$/i.test(env.HOLDFAST_ALLOW_PRIVATE_HOSTS ?? '') ||
      isLoopback(url('HOLDFAST_PLC_URL')),
    identifier: env.HOLDFAST_IDENTIFIER?.replace(/^@/, '') || undefined,
    appPassword: env.HOLDFAST_APP_PASSWORD || undefined,
    pdsUrl: url('HOLDFAST_PDS'),
    configDirectory: env.HOLDFAST_CONFIG_DIR || undefined,
  }
  if (problems.length > 0) throw new CommandError('usage', problems.join('\n'))
  return config
}

/** Whether a URL is on this machine. A PLC directory here means a development network, whose other servers are here too. */
function isLoopback(url: string | undefined): boolean {
  const host = url === undefined ? '' : new URL(url).hostname
  return host === 'localhost' || host.startsWith('127.') || host === '[::1]'
}

/** Checks an http(s) address and removes its trailing slash. Throws a CommandError that names the setting. */
export function httpUrl(name: string, text: string): string {
  const url = URL.parse(text)
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return text.replace(/\/+$/, '')
  throw new CommandError('usage', `${name} is ${JSON.stringify(text)}; give an http:// or https:// address.`)
}
