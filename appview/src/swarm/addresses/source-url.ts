/** Where the origin that a record names is to be asked over HTTP; undefined for what cannot be. */
export function sourceUrl(named: string): URL | undefined {
  const s3 = /^(?:s3:\/\/|arn:aws[\w-]*:s3:::)([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(named)
  if (s3) return s3Listing(s3[1]!, s3[2] ?? '')
  if (!URL.canParse(named)) return undefined
  const url = new URL(named)
  if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.username || url.password)
    return undefined
  url.hash = ''
  return url
}

/** A listing of one key says whether a public bucket still has anything there. */
function s3Listing(bucket: string, prefix: string): URL {
  const url = new URL(`https://s3.amazonaws.com/${bucket}`)
  url.search = new URLSearchParams({ 'list-type': '2', 'max-keys': '1', prefix }).toString()
  return url
}
