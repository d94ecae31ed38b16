// The PDS names these when it is set up to keep blobs in S3 or keys in KMS, which no test does.
const leftOut = (what) => () => {
  throw new Error(`${what} is left out of the tests' PDS: see the overrides in package.json`)
}
export const S3BlobStore = { creator: leftOut('S3BlobStore') }
export const KmsKeypair = { load: leftOut('KmsKeypair') }
