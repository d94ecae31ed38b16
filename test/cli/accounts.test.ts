import { createHmac } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AtpAgent } from '@atproto/api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Network, startNetwork } from '../network/network.ts'
import { type Person, startPerson } from './run-holdfast.ts'

const jwtSecret = 'a secret of the test PDS'

let network: Network
beforeAll(async () => {
  network = await startNetwork({
    pdsCount: 1,
    accounts: ['alice', 'bobby'],
    relay: false,
    pdsOptions: { jwtSecret },
  })
})
afterAll(() => network?.[Symbol.asyncDispose]())

const login = (person: Person, index: number, ...args: string[]) => {
  const { handle, password, pdsUrl } = network.accounts[index]!
  return person.run('login', handle, '--pds', pdsUrl, '--app-password', password, ...args)
}
const sessionsOf = (person: Person) => join(person.home, 'config', 'holdfast', 'sessions')
const tokenFile = async (person: Person, did: string) => {
  const names = await readdir(sessionsOf(person))
  return join(
    sessionsOf(person),
    names.find((name) => name.startsWith(did.replaceAll(':', '_')) && name.endsWith('.json'))!,
  )
}

test('uses the account that signed in last, or the one of --account', async () => {
  await using person = await startPerson(network)
  expect(await person.run('whoami')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('holdfast login'),
  })
  expect(await login(person, 0)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Signed in as alice.test'),
  })
  expect(await login(person, 1)).toMatchObject({ code: 0 })
  const { did, handle, accounts } = await person.json('whoami')
  expect([did, handle]).toEqual([network.accounts[1]!.did, 'bobby.test'])
  expect(accounts).toHaveLength(2)
  expect((await person.json('whoami', '--account', 'alice.test')).did).toBe(network.accounts[0]!.did)
  expect(await person.run('whoami', '--account', 'carol.test')).toMatchObject({ code: 4 })
})

test('keeps secrets in files that only their owner can read', async () => {
  await using person = await startPerson(network)
  await login(person, 0)
  await login(person, 1)
  const directory = join(person.home, 'config', 'holdfast')
  for (const name of await readdir(directory, { recursive: true })) {
    const found = await stat(join(directory, name))
    expect([name, (found.mode & 0o777).toString(8)]).toEqual([name, found.isDirectory() ? '700' : '600'])
  }
  const text = await readFile(join(directory, 'accounts.json'), 'utf8')
  expect(text).not.toMatch(/jwt|token|refresh/i)
})

test('a wrong password and an unreachable server have their own exit codes', async () => {
  const { handle, pdsUrl } = network.accounts[0]!
  await using person = await startPerson(network)
  expect(await person.run('login', handle, '--pds', pdsUrl, '--app-password', 'wrong')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('Invalid identifier or password'),
  })
  expect(
    await person.run('login', handle, '--pds', 'http://127.0.0.1:9', '--app-password', 'x'),
  ).toMatchObject({ code: 5 })
  expect(await person.run('login', handle, '--pds', 'nowhere', '--app-password', 'x')).toMatchObject({
    code: 2,
  })
})

test('processes that refresh one session at the same time all succeed', async () => {
  const { did } = network.accounts[0]!
  await using person = await startPerson(network)
  await login(person, 0)
  const before = await expire(await tokenFile(person, did))
  const ran = await Promise.all(
    ['One', 'Two', 'Three'].map((title) => person.run('publish', '--title', title)),
  )
  expect(ran.map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, ''],
    [0, ''],
    [0, ''],
  ])
  const after = JSON.parse(await readFile(await tokenFile(person, did), 'utf8'))
  expect(after.refreshJwt).not.toBe(before.refreshJwt)
  expect(await person.run('publish', '--title', 'Four')).toMatchObject({ code: 0 })
})

test('logout also ends the session at the server', async () => {
  const { did, pdsUrl } = network.accounts[1]!
  await using person = await startPerson(network)
  await login(person, 1)
  const { refreshJwt } = JSON.parse(await readFile(await tokenFile(person, did), 'utf8'))
  expect(await person.run('logout')).toMatchObject({
    code: 0,
    stdout: 'Signed out: bobby.test.\n',
    stderr: '',
  })
  expect(await readdir(sessionsOf(person))).toEqual([])
  const agent = new AtpAgent({ service: pdsUrl })
  const refresh = agent.com.atproto.server.refreshSession(undefined, {
    headers: { authorization: `Bearer ${refreshJwt}` },
  })
  await expect(refresh).rejects.toMatchObject({ status: 400, error: 'ExpiredToken' })
  expect(await person.run('whoami')).toMatchObject({ code: 4 })
})

/** Replaces the stored access token with one that expired an hour ago, signed like the PDS's own. */
async function expire(path: string): Promise<{ refreshJwt: string }> {
  const tokens = JSON.parse(await readFile(path, 'utf8'))
  const [header, payload] = tokens.accessJwt.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const old = { ...claims, iat: claims.iat - 10_800, exp: Math.floor(Date.now() / 1000) - 3_600 }
  const signed = `${header}.${Buffer.from(JSON.stringify(old)).toString('base64url')}`
  const signature = createHmac('sha256', jwtSecret).update(signed).digest('base64url')
  await writeFile(path, JSON.stringify({ ...tokens, accessJwt: `${signed}.${signature}` }))
  return tokens
}
