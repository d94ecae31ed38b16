/** The part of a request that says what is asked for, read the same way by every interface. */
interface RequestLike {
  readonly originalUrl: string
  readonly baseUrl: string
  readonly path: string
}

/** The parameters in a request's URL, each as often as it was given. */
export function queryOf({ originalUrl }: Pick<RequestLike, 'originalUrl'>): URLSearchParams {
  // A URL parser would take a path that begins with two slashes for a host.
  const start = originalUrl.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : originalUrl.slice(start + 1))
}

/** A link to a path with parameters, which never leads to another host, whatever was requested. */
export function linkTo(path: string, query: URLSearchParams): string {
  return `/${path.replace(/^[/\\]+/, '')}${query.size > 0 ? `?${query}` : ''}`
}

/** A link to what a request asked for. */
export function hereOf(req: RequestLike): string {
  return linkTo(`${req.baseUrl}${req.path}`, queryOf(req))
}
