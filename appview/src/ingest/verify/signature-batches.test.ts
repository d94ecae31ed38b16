import { generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createSignatureBatches,
  type SignatureCurve,
  type SignatureJob,
  toPublicKey,
} from './signature-batches.ts'

function signer(curve: SignatureCurve) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: curve === 'P-256' ? 'prime256v1' : curve,
  })
  const { x, y } = publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')])
  return (data: Uint8Array): SignatureJob => {
    const signature = sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return { curve, point, data, signature }
  }
}

test('each of a thousand signatures checked at once gets its own verdict', async () => {
  const check = createSignatureBatches()
  const signers = [signer('secp256k1'), signer('P-256'), signer('secp256k1')]
  const jobs = Array.from({ length: 1_000 }, (_, n) => {
    const job = signers[n % signers.length]!(Buffer.from(`commit ${n}`.repeat(n % 50)))
    const forged = n % 7 === 3
    return { job: forged ? { ...job, data: Buffer.from('another') } : job, forged }
  })
  const verdicts = await Promise.all(jobs.map(({ job }) => check(job)))
  expect(verdicts).toEqual(jobs.map(({ forged }) => !forged))
})

test.each(['secp256k1', 'P-256'] as const)('agrees with node:crypto on any %s signature', async (curve) => {
  const check = createSignatureBatches()
  const signed = signer(curve)
  const order = {
    secp256k1: 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141',
    'P-256': 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  }[curve]
  const extremes = ['00'.repeat(32), `${'00'.repeat(31)}01`, order, 'ff'.repeat(32)]
  const half = fc.option(fc.constantFrom(...extremes.map((hex) => Buffer.from(hex, 'hex'))))
  const accepted: boolean[] = []
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.tuple(half, half), fc.boolean(), async (data, halves, negated) => {
      const job = signed(data)
      const signature = Buffer.from(job.signature)
      // The high-S form of the same signature, which atproto refuses before it comes here.
      if (negated) signature.set(negate(signature.subarray(32), order), 32)
      for (const [i, extreme] of halves.entries()) if (extreme) signature.set(extreme, i * 32)
      const key = { key: toPublicKey(curve, job.point), dsaEncoding: 'ieee-p1363' } as const
      const valid = verify('sha256', data, key, signature)
      accepted.push(valid)
      expect(await check({ ...job, signature })).toBe(valid)
    }),
    { numRuns: 300 },
  )
  expect(new Set(accepted)).toEqual(new Set([true, false]))
})

function negate(scalar: Uint8Array, order: string): Buffer {
  const rest = BigInt(`0x${order}`) - BigInt(`0x${Buffer.from(scalar).toString('hex')}`)
  return Buffer.from(rest.toString(16).padStart(64, '0'), 'hex')
}

test('starts another thread after one that ended', async () => {
  const check = createSignatureBatches()
  const job = signer('secp256k1')(Buffer.from('data'))
  // This key is no point of the curve, which only a mistake of the caller can cause.
  await expect(check({ ...job, point: new Uint8Array(64) })).rejects.toThrow()
  expect(await check(job)).toBe(true)
})
