/** Checks metainfo in a thread; what it does is in `metainfo-check.ts`. */
import { answerJobs } from '../../threads/answer-jobs.ts'
import { checkMetainfo } from './metainfo-check.ts'
import type { Checked, CheckJob } from './metainfo-checker.ts'

answerJobs<CheckJob & { giveBack: boolean }, Checked>(
  ({ bytes, claims, limits, giveBack }) => {
    const verdict = checkMetainfo(bytes, claims, limits)
    return giveBack ? { verdict, bytes } : { verdict }
  },
  ({ bytes }) => (bytes ? [bytes.buffer as ArrayBuffer] : []),
)
