/** What a reader did not find, or asked for in a way that cannot be answered; `what` picks the words of the page. */
export class PageError extends Error {
  override readonly name = 'PageError'
  readonly status: 400 | 404
  readonly what: 'page' | 'dataset' | 'torrent' | 'account' | 'request'
  /** More about it, in the words of whoever refused. */
  readonly detail: string | undefined

  constructor(status: PageError['status'], what: PageError['what'], detail?: string) {
    super(`${status} ${what}${detail ? `: ${detail}` : ''}`)
    this.status = status
    this.what = what
    this.detail = detail
  }
}
