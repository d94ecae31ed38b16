/** Checks one metainfo in a thread of its own; what it does is in `metainfo-check.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import { checkMetainfo } from './metainfo-check.ts'
import type { CheckJob } from './metainfo-checker.ts'

const { bytes, claims, limits } = workerData as CheckJob
parentPort!.postMessage(checkMetainfo(bytes, claims, limits))
