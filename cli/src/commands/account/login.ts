import { spawn } from 'node:child_process'
import { Command, Option } from 'commander'
import { CommandError } from '../../command-error.ts'
import { httpUrl } from '../../config.ts'
import type { Connections } from '../../connections.ts'
import { promptSecret } from '../../output/prompt.ts'
import { plain, print, printJson, tell } from '../../output/terminal.ts'
import { failureOf } from '../../records/xrpc-failure.ts'
import type { StoredAccount } from '../../session/account-store.ts'

interface Options {
  appPassword?: string | true
  pds?: string
  browser: boolean
  announce?: boolean
  for?: string
  json?: boolean
}

/** `holdfast login`: signs in through the browser, or with an app password. */
export function loginCommand(connections: Connections): Command {
  return new Command('login')
    .argument('[handle]', 'handle or DID (default: HOLDFAST_IDENTIFIER)')
    .option(
      '--app-password [password]',
      'use an app password; without a value, HOLDFAST_APP_PASSWORD is used, or you are asked',
    )
    .option('--pds <url>', 'the account’s server, where its handle cannot be looked up (HOLDFAST_PDS)')
    .option('--no-browser', 'print the sign-in address instead of opening it, for use over SSH')
    .option(
      '--announce',
      'also allow holdfast to write posts, for publish --announce (app passwords always do)',
    )
    .addOption(
      new Option(
        '--for <purpose>',
        'also allow holdfast to claim parts of datasets, for claim and work',
      ).choices(['gather']),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Without --app-password the browser opens, and you agree to what holdfast may do: write its own kinds of record and
upload .torrent files. Over SSH, open the printed address on a machine that can reach this one's loopback, for example
through ssh -L, or use an app password.

Examples:
  $ holdfast login alice.example.org
  $ holdfast login alice.example.org --announce
  $ holdfast login alice.example.org --for gather
  $ holdfast login alice.example.org --app-password
  $ HOLDFAST_APP_PASSWORD=xxxx-xxxx-xxxx-xxxx holdfast login alice.example.org --app-password`,
    )
    .action(async (handle: string | undefined, options: Options) => {
      const account = await signIn(connections, handle, options)
      if (options.json) printJson(account)
      else print(plain(`Signed in as ${account.handle} (${account.did}) at ${account.pdsUrl}.`))
    })
}

async function signIn(
  connections: Connections,
  handle: string | undefined,
  options: Options,
): Promise<StoredAccount> {
  const { config } = connections
  const identifier = (handle ?? config.identifier)?.replace(/^@/, '')
  if (!identifier) throw new CommandError('usage', 'Name the account to sign in to: holdfast login HANDLE.')
  const pdsUrl = options.pds ? httpUrl('--pds', options.pds) : config.pdsUrl
  const password = typeof options.appPassword === 'string' ? options.appPassword : config.appPassword
  return options.appPassword || password
    ? withPassword(connections, identifier, { pdsUrl, password })
    : withBrowser(connections, pdsUrl ?? identifier, options)
}

async function withPassword(
  connections: Connections,
  identifier: string,
  { pdsUrl, password }: { pdsUrl: string | undefined; password: string | undefined },
): Promise<StoredAccount> {
  const { accountOf, passwordSignIn, storePasswordSession } = await import(
    '../../session/password-session.ts'
  )
  const appPassword = password ?? (await promptSecret(`App password of ${identifier}: `))
  const service = pdsUrl ?? (await (await connections.identities()).resolve(identifier)).pdsUrl
  const session = await passwordSignIn(service, { identifier, appPassword }).catch((error) => {
    throw failureOf(error, `Signing in as ${identifier} at ${service}`)
  })
  const account = accountOf(session)
  await storePasswordSession(await connections.accounts(), account, session)
  return account
}

async function withBrowser(
  connections: Connections,
  input: string,
  { browser: opensBrowser, announce: announces = false, for: purpose }: Options,
): Promise<StoredAccount> {
  const gathers = purpose === 'gather'
  const { oauthSignIn } = await import('../../session/oauth-session.ts')
  const accounts = await connections.accounts()
  const session = await oauthSignIn(
    { config: connections.config, accounts },
    { input, announces, gathers, openBrowser: (url) => showAddress(url, opensBrowser) },
  ).catch((error) => {
    throw failureOf(error, `Signing in as ${input}`)
  })
  const { handle, pdsUrl } = await (await connections.identities()).resolve(session.did)
  const account: StoredAccount = {
    ...{ did: session.did, handle: handle ?? session.did, pdsUrl, method: 'oauth' },
    ...(announces && { announces }),
    ...(gathers && { gathers }),
  }
  await accounts.save(account)
  return account
}

function showAddress(url: string, opensBrowser: boolean): void {
  tell(`Open this address in a browser to allow the sign-in:\n\n  ${url}\n`)
  if (!opensBrowser || process.env.SSH_CONNECTION) return
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open']
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler']
        : ['xdg-open']
  const child = spawn(command!, [...args, url], { stdio: 'ignore', detached: true })
  // The address is printed as well, so a machine without a browser can still sign in.
  child.on('error', () => {})
  child.unref()
}
