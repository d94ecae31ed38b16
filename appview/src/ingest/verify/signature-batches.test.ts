import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { createSignatureBatches, type SignatureCurve, type SignatureJob } from './signature-batches.ts'

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

test('each of a thousand signatures asked about at once gets its own verdict', async () => {
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

test('a thread that dies answers with an error, and the next question starts another', async () => {
  const check = createSignatureBatches()
  const job = signer('secp256k1')(Buffer.from('data'))
  // No point of the curve: only a caller's mistake can bring it here.
  await expect(check({ ...job, point: new Uint8Array(64) })).rejects.toThrow()
  expect(await check(job)).toBe(true)
})
