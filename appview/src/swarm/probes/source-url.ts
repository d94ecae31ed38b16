/** The HTTP URL by which a source that a record names can be checked; undefined if there is none. */
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

/** The URL that lists one key, which shows whether a public bucket still has anything with the prefix. */
function s3Listing(bucket: string, prefix: string): URL {
  const url = new URL(`https://s3.amazonaws.com/${bucket}`)
  url.search = new URLSearchParams({ 'list-type': '2', 'max-keys': '1', prefix }).toString()
  return url
}
