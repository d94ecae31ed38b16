/** A caller's mistake in a search; `error` is the name that the method's lexicon declares. */
export class SearchError extends Error {
  override readonly name = 'SearchError'
  readonly status = 400
  readonly error: 'InvalidQuery' | 'InvalidCursor' | 'AuthorNotFound'

  constructor(error: SearchError['error'], message: string) {
    super(message)
    this.error = error
  }
}
