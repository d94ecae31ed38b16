import type { Logger } from 'pino'
import { fetchPage, firstEntries, type ListPage, PageReader } from './list-pages.ts'
import { SavedList } from './saved-list.ts'
import type { AllowListTarget } from './source.ts'
import type { Position } from './stream.ts'

/**
 * One reading of an AppView's whole list; each page is applied to the allow-list in effect and saved to disk. A page
 * that fails is requested again, without the pages before it.
 */
export class Listing {
  readonly begunAtMs: number = Date.now()
  /** The position from which to follow the stream. */
  readonly position: Position
  /** The saved list; undefined if it cannot be written to disk. */
  saved: SavedList | undefined
  leftOut = 0
  readonly #parts: ListingParts
  #page: ListPage | undefined
  #cursor: string | undefined

  constructor(parts: ListingParts, first: ListPage, saved: SavedList | undefined) {
    this.#parts = parts
    this.#page = first
    this.#cursor = first.cursor
    this.position = { seq: first.seq, epoch: first.epoch }
    this.saved = saved
  }

  /** Fetches the first page. @throws Error if that fails */
  static async begin(parts: ListingParts, signal: AbortSignal): Promise<Listing> {
    const first = await fetchPage(parts.url, { limit: firstEntries }, signal)
    await parts.target.begin(parts.source)
    let saved: SavedList | undefined
    try {
      saved = await SavedList.begin(parts.directory, parts.url)
    } catch (error) {
      cannotSave(parts, error)
    }
    return new Listing(parts, first, saved)
  }

  /** Applies page after page. @throws Error if a page cannot be fetched; call again to continue with that page */
  async *read(signal: AbortSignal): AsyncGenerator<void, void> {
    const { url } = this.#parts
    await using reader = this.#cursor === undefined ? undefined : new PageReader(url)
    for (;;) {
      if (this.#page !== undefined) await this.#take(this.#page)
      this.#page = undefined
      yield
      if (this.#cursor === undefined) return
      const page = await reader!.next(this.#cursor, signal)
      if (page.epoch !== this.position.epoch) throw new NewEpochError()
      this.#page = page
      this.#cursor = page.cursor
    }
  }

  /** Whether after this error only a new listing helps. */
  isOver(error: Error & { status?: number | undefined }): boolean {
    if (error instanceof NewEpochError) return true
    // The server refused the cursor; 408 and 429 only mean to try again later.
    const { status = 0 } = error
    return status >= 400 && status < 500 && status !== 408 && status !== 429
  }

  async abandon(): Promise<void> {
    await this.saved?.abandon().catch(() => {})
    this.saved = undefined
  }

  async #take({ packed }: ListPage): Promise<void> {
    const { target, source } = this.#parts
    this.leftOut += await target.confirm(source, packed)
    try {
      await this.saved?.addPage(packed)
    } catch (error) {
      cannotSave(this.#parts, error)
      await this.abandon()
    }
  }
}

export interface ListingParts {
  url: string
  source: number
  target: AllowListTarget
  directory: string
  log: Logger
}

class NewEpochError extends Error {
  override readonly name = 'NewEpochError'

  constructor() {
    super('the AppView began a new epoch while its list was read')
  }
}

function cannotSave({ log, directory }: ListingParts, error: unknown): void {
  log.error(
    { err: error, directory },
    'the allow-list cannot be saved: after a restart, announces will be refused until the AppView answers',
  )
}
