import { answerJobs } from '../../../threads/answer-jobs.ts'
import { type ReissuePlan, reissueFor } from './metainfo-reissue.ts'

export interface ReissueJob {
  readonly bytes: Uint8Array
  readonly plan: ReissuePlan
}

answerJobs<ReissueJob, Uint8Array>(
  ({ bytes, plan }) => new Uint8Array(reissueFor(bytes, plan)),
  (reissued) => [reissued.buffer as ArrayBuffer],
)
