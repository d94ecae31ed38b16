/** A page does not exist, or the request is malformed; `what` selects the text of the error page. */
export class PageError extends Error {
  override readonly name = 'PageError'
  readonly status: 400 | 404
  readonly what: 'page' | 'dataset' | 'torrent' | 'account' | 'request'
  /** A more detailed message, in English. */
  readonly detail: string | undefined

  constructor(status: PageError['status'], what: PageError['what'], detail?: string) {
    super(`${status} ${what}${detail ? `: ${detail}` : ''}`)
    this.status = status
    this.what = what
    this.detail = detail
  }
}
