/** Whether an argument of the command line is an address and not a path. */
export function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text)
}

/** Whether an argument names files on a server and not on disk: an address, or a bucket of S3 (`s3://BUCKET/PREFIX`). */
export function isRemote(text: string): boolean {
  return isAddress(text) || /^s3:\/\//i.test(text)
}
