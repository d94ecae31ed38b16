import { parentPort, workerData } from 'node:worker_threads'
import { type FromListThread, fetchPage, type ListPage, pageEntries } from './list-pages.ts'

/** Answers every cursor with its page, and requests the page after it at the same time. */
const { url } = workerData as { url: string }
const main = parentPort!
const never = new AbortController().signal
let ahead: { cursor: string; page: Promise<ListPage> } | undefined

main.on('message', async (cursor: string) => {
  const asked = ahead?.cursor === cursor ? ahead.page : ask(cursor)
  ahead = undefined
  try {
    const page = await asked
    if (page.cursor !== undefined) ahead = { cursor: page.cursor, page: ask(page.cursor) }
    main.postMessage({ page } satisfies FromListThread, [page.packed.buffer])
  } catch (error) {
    const { message, status } = error as Error & { status?: number }
    main.postMessage({ message, status } satisfies FromListThread)
  }
})

function ask(cursor: string): Promise<ListPage> {
  const page = fetchPage(url, { cursor, limit: pageEntries }, never)
  page.catch(() => {})
  return page
}
