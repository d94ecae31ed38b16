/** The thread that makes segments, because reading a million datasets takes one core a minute. */
import { parentPort, workerData } from 'node:worker_threads'
import { connectPostgres } from '../../../store/connect-postgres.ts'
import { createSegmentMaker, type SegmentScope } from './make-segment.ts'
import { buffersOf, segmentSize } from './segment.ts'

const { db } = connectPostgres(workerData as string, { poolSize: 1 })
const make = createSegmentMaker(db, { capacity: segmentSize })

parentPort!.on('message', async (scope: SegmentScope) => {
  try {
    const made = await make(scope)
    parentPort!.postMessage({ made }, buffersOf(made.segment))
  } catch (error) {
    parentPort!.postMessage({ error: error instanceof Error ? error.message : String(error) })
  }
})
