/**
 * Renders Markdown from strangers safely: without their HTML, without images from other sites (which would reveal readers to
 * them), with links only to the web and mail, and with headings below those of the page.
 */
import { isWebUrl } from '@holdfast/lexicons/vocabularies/web-addresses'
import MarkdownIt from 'markdown-it'
import { type Html, trusted } from './html.ts'

export interface RenderedMarkdown {
  /** The part that is shown at once. */
  start: Html
  /** The rest, to be folded; absent for a short text. */
  rest?: Html
}

/** Renders CommonMark. What comes after about `foldAfter` characters is returned separately, cut between two blocks. */
export function renderMarkdown(text: string, foldAfter = Infinity): RenderedMarkdown {
  const tokens = markdown.parse(text, {})
  const cut = cutAfter(tokens, foldAfter)
  const start = trusted(markdown.renderer.render(tokens.slice(0, cut), markdown.options, {}))
  if (cut === tokens.length) return { start }
  return { start, rest: trusted(markdown.renderer.render(tokens.slice(cut), markdown.options, {})) }
}

/** The beginning as plain text in one line, cut at a word, for cards and for descriptions in the head of a page. */
export function plainExcerpt(text: string, maxLength: number): string {
  // Parse only the beginning, since the rest of a long text would not be shown.
  const start = text.slice(0, maxLength * 4)
  // Leave headings out, which say little without the text below them.
  const plain = plainText(start.replace(/^ {0,3}#{1,6}\s.*$/gm, ' ')) || plainText(start)
  if (plain.length <= maxLength) return plain
  const cut = plain.slice(0, maxLength)
  return `${cut.slice(0, cut.lastIndexOf(' ') > maxLength / 2 ? cut.lastIndexOf(' ') : maxLength)}…`
}

function plainText(markdown: string): string {
  return markdown
    .replace(/^ {0,3}(`{3,}|~{3,})[\s\S]*?(?:^ {0,3}\1|$(?![\s\S]))/gm, ' ')
    .replace(/^\s*\|.*$/gm, ' ')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]*>/g, ' ')
    .replace(/^\s*(?:#{1,6}|>|[-*+]|\d+\.)\s+/gm, '')
    .replace(/[*_`~|\\]+/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}

const markdown = new MarkdownIt({
  html: false,
  linkify: true,
  breaks: false,
  typographer: false,
  maxNesting: 40,
})
markdown.disable('image')
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false })
markdown.validateLink = (url) => isWebUrl(url) || /^mailto:[^\s@]+@[^\s@?]+$/i.test(url)

markdown.renderer.rules.link_open = (tokens, index, options, _env, renderer) => {
  tokens[index]!.attrSet('rel', 'nofollow ugc noopener noreferrer')
  return renderer.renderToken(tokens, index, options)
}

// Headings begin below the page's own (h2) and never skip a level, whatever levels their author used.
markdown.core.ruler.push('heading_levels', ({ tokens }) => {
  const headings = tokens.filter(({ type }) => type === 'heading_open' || type === 'heading_close')
  const used = [...new Set(headings.map(({ tag }) => tag))].sort()
  let last = 2
  for (const heading of headings) {
    if (heading.type === 'heading_open') last = Math.min(last + 1, 3 + used.indexOf(heading.tag), 6)
    heading.tag = `h${last}`
  }
})
// A wide table scrolls by itself, and can be focused so that the keyboard can scroll it.
markdown.renderer.rules.table_open = () => '<div class="scroll" tabindex="0" role="group"><table>'
markdown.renderer.rules.table_close = () => '</table></div>'
markdown.renderer.rules.fence = (tokens, index) => preformatted(tokens[index]!.content)
markdown.renderer.rules.code_block = (tokens, index) => preformatted(tokens[index]!.content)
// Alignment would be a style attribute, which the page's Content-Security-Policy forbids.
for (const rule of ['th_open', 'td_open'])
  markdown.renderer.rules[rule] = () => (rule === 'th_open' ? '<th>' : '<td>')

function preformatted(content: string): string {
  return `<pre tabindex="0"><code>${markdown.utils.escapeHtml(content)}</code></pre>\n`
}

/** The index of the first token to fold: the first block that begins after that many characters. */
function cutAfter(tokens: ReturnType<typeof markdown.parse>, characters: number): number {
  let seen = 0
  let depth = 0
  for (let i = 0; i < tokens.length; i++) {
    if (depth === 0 && seen > characters) return i
    depth += tokens[i]!.nesting
    seen += tokens[i]!.content.length
  }
  return tokens.length
}
