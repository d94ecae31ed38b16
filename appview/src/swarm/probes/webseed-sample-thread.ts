import { answerJobs } from '../../threads/answer-jobs.ts'
import { type Sampling, sampleForProbe } from './webseed-sample.ts'

answerJobs<Uint8Array, Sampling>(sampleForProbe)
