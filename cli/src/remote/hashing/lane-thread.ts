import { parentPort, workerData } from 'node:worker_threads'
import { guardOf, Lane } from './lane.ts'
import type { LaneMessage, ThreadData, UnitMessage } from './unit.ts'

const data = workerData as ThreadData
const guard = await guardOf(data)
const lanes = new Map<number, Lane>()

parentPort!.on('message', async ({ lane: number, unit }: UnitMessage) => {
  const tell = (message: LaneMessage) => parentPort!.postMessage(message)
  const lane = lanes.get(number) ?? new Lane(data, guard)
  lanes.set(number, lane)
  try {
    const fault = await lane.run(unit, (done) => tell({ lane: number, ...done }))
    tell({ lane: number, ended: true, fault })
  } catch (error) {
    tell({ lane: number, error: (error as Error).message })
  }
})
