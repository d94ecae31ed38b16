/**
 * Renders strangers' Markdown on pages. Some CommonMark takes a parser a second for 50 kB, especially tables, so it is
 * rendered in threads with a deadline. Meanwhile the page is made with a placeholder for each text. Results are cached by the
 * hash of the text.
 */

import { hash } from 'node:crypto'
import { siblingModule } from '@holdfast/runtime/sibling-module'
import { createThreadPool, ThreadLostError } from '../../threads/thread-pool.ts'
import { escapeText, type Html, trusted } from '../html.ts'
import { renderMarkdown } from '../markdown.ts'

/** Where a text is folded, and the summary of the folded part. */
export interface Fold {
  readonly after: number
  readonly summary: string
}

export interface MarkdownJob {
  readonly text: string
  readonly foldAfter: number
}

/** The rendered text, as HTML. */
export interface RenderedText {
  readonly start: string
  readonly rest?: string
}

/** The Markdown texts of one page. */
export interface PageProse {
  /** Makes a placeholder for a text, which `fillIn` replaces. */
  mark(text: string, fold?: Fold): Html
  /** Replaces the placeholders in a page with the rendered texts. */
  fillIn(page: string): Promise<string>
}

export interface Prose extends AsyncDisposable {
  onPage(): PageProse
}

export interface ProseOptions {
  /** The size of the cache of rendered texts, in bytes. */
  readonly keptBytes?: number
  readonly deadlineMs?: number
}

/** The time limit: starting a thread takes a second on a busy machine, and an honest text of 50 kB a tenth of that. */
const usualDeadlineMs = 5_000

export function createProse({
  keptBytes = 32_000_000,
  deadlineMs = usualDeadlineMs,
}: ProseOptions = {}): Prose {
  const pool = createThreadPool<MarkdownJob, RenderedText>({
    script: siblingModule('./markdown-thread', import.meta.url),
    threads: 2,
    heapMb: 128,
    maxWaiting: 500,
    maxWaitMs: 3_000,
    idleMs: 600_000,
  })
  const kept = keepLatest(keptBytes)

  async function render(text: string, foldAfter: number): Promise<RenderedText> {
    if (isPlain(text)) return { start: renderMarkdown(text).start.text }
    const key = `${foldAfter} ${hash('sha256', text)}`
    const known = kept.get(key)
    if (known) return known
    try {
      const rendered = await pool.run({ text, foldAfter }, { deadlineMs })
      kept.set(key, rendered)
      return rendered
    } catch (error) {
      const asWritten = { start: `<p class="pre">${escapeText(text)}</p>` }
      // A text that exceeded the deadline would do so again, so remember that; busy threads may be free next time.
      if (error instanceof ThreadLostError) kept.set(key, asWritten)
      return asWritten
    }
  }

  return {
    onPage() {
      const texts: Promise<string>[] = []
      return {
        mark(text, fold) {
          const rendering = render(text, fold?.after ?? Number.POSITIVE_INFINITY)
          texts.push(rendering.then((rendered) => proseHtml(rendered, fold)))
          // No stranger's text can contain such a placeholder, because `<` is escaped in it.
          return trusted(`<!--prose ${texts.length - 1}-->`)
        },
        async fillIn(page) {
          const done = await Promise.all(texts)
          return page.replace(/<!--prose (\d+)-->/g, (_, index) => done[Number(index)] ?? '')
        },
      }
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

/** Whether a text is short and without Markdown, so that rendering it here costs less than sending it to a thread. */
function isPlain(text: string): boolean {
  return text.length <= 500 && !/[[\]`*_~<>|#:\\&]/.test(text)
}

function proseHtml({ start, rest }: RenderedText, fold: Fold | undefined): string {
  const folded =
    rest === undefined
      ? ''
      : `<details class="fold"><summary>${escapeText(fold?.summary ?? '…')}</summary><div class="prose" dir="auto">${rest}</div></details>`
  return `<div class="prose" dir="auto">${start}</div>${folded}`
}

/** A cache of the last used texts, limited in bytes. */
function keepLatest(mostBytes: number) {
  const kept = new Map<string, RenderedText>()
  let bytes = 0
  const sizeOf = ({ start, rest = '' }: RenderedText) => 2 * (start.length + rest.length) + 200
  return {
    get(key: string): RenderedText | undefined {
      const found = kept.get(key)
      if (found) {
        kept.delete(key)
        kept.set(key, found)
      }
      return found
    },
    set(key: string, rendered: RenderedText): void {
      const before = kept.get(key)
      if (before) bytes -= sizeOf(before)
      kept.delete(key)
      kept.set(key, rendered)
      bytes += sizeOf(rendered)
      for (const [oldest, old] of kept) {
        if (bytes <= mostBytes) return
        kept.delete(oldest)
        bytes -= sizeOf(old)
      }
    },
  }
}
