import { answerJobs } from '../threads/answer-jobs.ts'
import { writeDocument } from './document-jobs.ts'

/** A job is sent as JSON text, which passes between threads in a tenth of the time that its objects would take. */
answerJobs<string, Uint8Array>(
  (job) => new TextEncoder().encode(writeDocument(JSON.parse(job))),
  ({ buffer }) => [buffer as ArrayBuffer],
)
