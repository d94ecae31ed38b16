import type { RecordJson, RecordRef, Repo } from '../records/repo.ts'
import type { PublishedStates } from './published-states.ts'

/** The most graphemes that a post may have (lexicon `app.bsky.feed.post`), and a card's texts where readers cut them. */
const [mostInPost, mostInTitle, mostInDescription] = [300, 150, 300]

export interface Announcement {
  readonly dataset: RecordRef
  readonly title: string
  /** CommonMark. */
  readonly description: string | undefined
  /** The dataset's page, which the card links. */
  readonly page: string
  /** AT-URIs of the torrents that there are now. */
  readonly torrents: readonly string[]
}

/**
 * Writes a post with a link card into the repo (`app.bsky.feed.post` with `app.bsky.embed.external`), unless the last post
 * about the dataset from this machine told of the same torrents already; then it resolves to undefined.
 */
export async function announce(
  repo: Repo,
  states: PublishedStates,
  { dataset, title, description = '', page, torrents }: Announcement,
): Promise<RecordRef | undefined> {
  const told = { torrents: [...torrents].sort() }
  const before = await states.get(dataset.uri, 'announce')
  if (before && JSON.stringify(before.torrents) === JSON.stringify(told.torrents)) return undefined
  const invitation = invitationTo(torrents.length > 0, before !== undefined)
  const post: RecordJson = {
    text: `${cut(title, mostInPost - graphemes(invitation).length - 2)}\n\n${invitation}`,
    createdAt: new Date().toISOString(),
    langs: ['en'],
    embed: {
      $type: 'app.bsky.embed.external',
      external: {
        uri: page,
        title: cut(title, mostInTitle),
        description: cut(plainText(description), mostInDescription),
      },
    },
  }
  const written = await repo.create('app.bsky.feed.post', post)
  await states.remember(dataset.uri, 'announce', { ...told, post: written.uri })
  return written
}

function invitationTo(isShared: boolean, isNews: boolean): string {
  if (!isShared) return 'This dataset is described here. If you have a copy, you can add it as a torrent:'
  const what = isNews ? 'A new version of this dataset is' : 'This dataset is'
  return `${what} shared as a torrent. Download it, and keep it available by seeding it:`
}

const segmenter = new Intl.Segmenter()

function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

function cut(text: string, most: number): string {
  // A grapheme may have many code points, but no text that is worth showing has a hundred for each.
  const all = graphemes(text.trim().slice(0, 100 * most))
  return all.length <= most
    ? all.join('')
    : `${all
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`
}

/** The first paragraph of a CommonMark text, without its most common marks. */
function plainText(markdown: string): string {
  const [first = ''] = markdown
    .trim()
    .slice(0, 20_000)
    .split(/\n\s*\n/)
  return first
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[*_`]+/g, '')
    .replaceAll(/^#+\s*/gm, '')
    .replaceAll(/\s+/g, ' ')
}
