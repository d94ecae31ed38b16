import { Secp256k1Keypair } from '@atproto/crypto'
import { createServiceJwt } from '@atproto/xrpc-server'
import { createDidResolver } from '@holdfast/appview/ingest/identity/did-resolver'
import { createGuardedFetch } from '@holdfast/appview/outbound/guarded-fetch'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import type * as schemas from '@holdfast/lexicons'
import { methods } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startNetwork } from '../network/network.ts'
import { type IndexUnderTest, startIndex, uriOf } from './index-under-test.ts'

const did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const now = () => Math.floor(Date.now() / 1000)

describe('service tokens', () => {
  let index: IndexUnderTest
  let key: Secp256k1Keypair
  let audience: string
  beforeAll(async () => {
    key = await Secp256k1Keypair.create()
    index = await startIndex({
      open: openEmbedded,
      resolver: {
        resolve: async () => ({ status: 'found', identity: { signingKey: { didKey: key.did() } } as never }),
        forget: () => {},
      },
    })
    audience = ((await (await fetch(`${index.url}/.well-known/did.json`)).json()) as { id: string }).id
  })
  afterAll(() => index[Symbol.asyncDispose]())

  const token = (claims: Partial<Parameters<typeof createServiceJwt>[0]> = {}) =>
    createServiceJwt({ iss: did, aud: audience, lxm: methods.getStats, keypair: key, ...claims })
  const ask = async (jwt: string) => {
    const response = await fetch(`${index.url}/xrpc/${methods.getStats}`, {
      headers: { authorization: `Bearer ${jwt}` },
    })
    const body = (await response.json()) as { error?: string }
    return response.ok ? 'ok' : `${response.status} ${body.error}`
  }

  test('are accepted once each, for the bare DID and for its service entry', async () => {
    const bare = await token()
    expect(await ask(bare)).toBe('ok')
    expect(await ask(bare)).toBe('401 JwtReplayed')
    expect(await ask(await token({ aud: `${audience}#holdfast_appview` }))).toBe('ok')
    expect(index.takeFaults()).toEqual([])
  })

  test.each<[string, () => Promise<string>, string]>([
    ['for another service', () => token({ aud: 'did:web:elsewhere.example.org' }), '401 BadJwtAudience'],
    ['for another entry', () => token({ aud: `${audience}#atproto_pds` }), '401 BadJwtAudience'],
    ['for another method', () => token({ lxm: methods.getDataset }), '401 BadJwtLexiconMethod'],
    ['for no method', () => token({ lxm: null }), '401 BadJwtLexiconMethod'],
    ['that expired', () => token({ iat: now() - 120, exp: now() - 60 }), '401 JwtExpired'],
    ['made too long ago', () => token({ iat: now() - 3_600, exp: now() + 60 }), '401 JwtExpired'],
    ['made in the future', () => token({ iat: now() + 600, exp: now() + 900 }), '401 BadJwtIat'],
    [
      'signed by somebody else',
      async () => token({ keypair: await Secp256k1Keypair.create() }),
      '401 BadJwtSignature',
    ],
    ['without an id', () => altered({ jti: undefined }), '401 BadJwtJti'],
    ['without a time', () => altered({ iat: undefined }), '401 BadJwtIat'],
    ['that is none', async () => 'a.b.c', '401 BadJwt'],
    ['that is not even three parts', async () => 'abc', '401 BadJwt'],
  ])('a token %s is refused', async (_, make, refusal) => {
    expect(await ask(await make())).toBe(refusal)
    expect(index.takeFaults()).toEqual([])
  })

  /** A token with some claims changed, and a valid signature. */
  async function altered(changes: Record<string, unknown>): Promise<string> {
    const [head, payload] = (await token()).split('.')
    const claims = { ...JSON.parse(Buffer.from(payload!, 'base64url').toString()), ...changes }
    const text = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
    return `${text}.${Buffer.from(await key.sign(Buffer.from(text))).toString('base64url')}`
  }
})

test('a client reaches the index through its own PDS (atproto-proxy)', async () => {
  await using network = await startNetwork({ pdsCount: 1, relay: false })
  const guardedFetch = createGuardedFetch({ allowPrivateHosts: true })
  const resolver = createDidResolver({ plcUrl: network.plcUrl, guardedFetch, allowPrivateHosts: true })
  await using index = await startIndex({ open: openEmbedded, resolver })
  const account = network.accounts[0]!
  await index.write(account.did, [{ put: 'dataset', rkey: 'ice', record: { title: 'Sea ice' } }])
  const session = (await (
    await fetch(`${account.pdsUrl}/xrpc/com.atproto.server.createSession`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ identifier: account.handle, password: account.password }),
    })
  ).json()) as { accessJwt: string }
  const document = (await (await fetch(`${index.url}/.well-known/did.json`)).json()) as { id: string }
  const proxied = await fetch(
    `${account.pdsUrl}/xrpc/${methods.getDataset}?uri=${encodeURIComponent(uriOf(account.did, 'dataset', 'ice'))}`,
    {
      headers: {
        authorization: `Bearer ${session.accessJwt}`,
        'atproto-proxy': `${document.id}#holdfast_appview`,
      },
    },
  )
  const body = (await proxied.json()) as schemas.getDataset.$OutputBody
  expect(body).toMatchObject({ dataset: { author: { did: account.did }, record: { title: 'Sea ice' } } })
  expect(index.takeFaults()).toEqual([])
})
