/** Renders Markdown in a thread; what it does is in `markdown.ts`. */
import { answerJobs } from '../../threads/answer-jobs.ts'
import { renderMarkdown } from '../markdown.ts'
import type { MarkdownJob, RenderedText } from './prose.ts'

answerJobs<MarkdownJob, RenderedText>(({ text, foldAfter }) => {
  const { start, rest } = renderMarkdown(text, foldAfter)
  return { start: start.text, ...(rest && { rest: rest.text }) }
})
