import { parseArgs } from 'node:util'

const usage = `Starts a network of its own for development: a PLC directory, PDSes with accounts, and a relay.
It stays up until Ctrl-C; nothing it holds outlives it.

  npm run network -- [--json] [--pds N] [--accounts N]

  --json        print one JSON line {plcUrl, relayUrl, pdsUrls, accounts} instead of a table
  --pds N       how many PDSes (default 2)
  --accounts N  how many accounts, spread over the PDSes (default: one a PDS)
  --help        this text`

await main()

async function main() {
  const options = readOptions()
  if (!options) return
  const { startNetwork } = await import('./network.ts')
  await using network = await startNetwork(options)
  const { plcUrl, relayUrl, pdsUrls } = network
  const accounts = network.accounts.map(({ did, handle, password, pdsUrl }) => ({
    did,
    handle,
    password,
    pdsUrl,
  }))
  const summary = { plcUrl, relayUrl, pdsUrls, accounts }
  console.log(options.json ? JSON.stringify(summary) : table(summary))
  await stopSignal()
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        pds: { type: 'string' },
        accounts: { type: 'string' },
      },
    })
    if (values.help) {
      console.log(usage)
      return undefined
    }
    return {
      json: values.json,
      pdsCount: countOf('--pds', values.pds, { least: 1 }),
      accounts: countOf('--accounts', values.accounts, { least: 0 }),
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    process.exitCode = 1
    return undefined
  }
}

function countOf(flag: string, text: string | undefined, { least }: { least: number }): number | undefined {
  if (text === undefined) return undefined
  const count = Number(text)
  if (!Number.isInteger(count) || count < least || count > 100)
    throw new Error(`${flag} takes a whole number from ${least} to 100, not ${JSON.stringify(text)}`)
  return count
}

interface Summary {
  plcUrl: string
  relayUrl: string
  pdsUrls: readonly string[]
  accounts: { did: string; handle: string; password: string; pdsUrl: string }[]
}

function table({ plcUrl, relayUrl, pdsUrls, accounts }: Summary): string {
  const people = accounts.map(({ did, handle, password, pdsUrl }) =>
    [handle.padEnd(16), password.padEnd(20), did, pdsUrl].join('  '),
  )
  return [
    `PLC directory  ${plcUrl}`,
    `relay          ${relayUrl.replace('http:', 'ws:')}`,
    ...pdsUrls.map((url) => `PDS            ${url}`),
    '',
    ...people,
    '',
    'Up until Ctrl-C.',
  ].join('\n')
}

function stopSignal() {
  return new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
