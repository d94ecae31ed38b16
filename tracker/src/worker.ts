import { parentPort, workerData } from 'node:worker_threads'
import { messageOf, OperatorError } from '@holdfast/runtime/operator-error'
import { AnnounceInterval } from './announce-interval.ts'
import { Journal } from './cluster/journal.ts'
import { everyMs, shards } from './cluster/shards.ts'
import { newCounts } from './counts.ts'
import { serve } from './serve.ts'
import { header, openSwarmMemory } from './swarms/memory.ts'
import { Swarms } from './swarms/swarms.ts'
import { startClock } from './upkeep.ts'
import { ConnectionIds } from './wire/connection-ids.ts'
import type { SignalReceiver } from './wire/signal-hub.ts'
import type { SignalSocket } from './wire/signal-swarm.ts'
import type { FromWorker, ToWorker, WorkerStart } from './worker-messages.ts'

/**
 * A serving thread: it answers clients from the swarms that it shares with the other threads. WebSocket peers are
 * managed in the main thread, so their messages are passed on to it.
 */
const start = workerData as WorkerStart
const main = parentPort!
const tell = (message: FromWorker): void => main.postMessage(message)

const memory = openSwarmMemory(start.memory)
const swarms = new Swarms(memory, { shared: true })
const counts = newCounts()
const interval = new AnnounceInterval(start.intervalSeconds)
const ids = new ConnectionIds(start.secret)
const clock = startClock({ interval, ids })
const counting = setInterval(() => tell({ kind: 'counts', counts }), 1000)

const journal = start.shares
  ? new Journal(shards, { peersPerAddress: memory.words[header.peersPerAddress]! })
  : undefined
const reportJournal = (): void => {
  for (let shard = 0; shard < shards; shard++) {
    const records = journal?.take(shard)
    if (records !== undefined) tell({ kind: 'journal', shard, records })
  }
}
const reporting = setInterval(reportJournal, everyMs)

const sockets = new Map<number, SignalSocket>()
const numbers = new Map<SignalSocket, number>()
let lastSocket = 0
const hub: SignalReceiver = {
  receive(socket, text) {
    let number = numbers.get(socket)
    if (number === undefined) {
      number = ++lastSocket
      numbers.set(socket, number)
      sockets.set(number, socket)
    }
    tell({ kind: 'socket-text', socket: number, client: socket.client, text })
  },
  close(socket) {
    const number = numbers.get(socket)
    if (number === undefined) return
    numbers.delete(socket)
    sockets.delete(number)
    tell({ kind: 'socket-close', socket: number })
  },
}

const questions = new Map<number, (text: string) => void>()
let lastQuestion = 0
const ask = (about: 'metrics' | 'swarms'): Promise<string> =>
  new Promise((answered) => {
    questions.set(++lastQuestion, answered)
    tell({ kind: 'ask', question: lastQuestion, about })
  })

main.on('message', async (message: ToWorker) => {
  if (message.kind === 'socket-text') sockets.get(message.socket)?.send(message.text)
  else if (message.kind === 'answer') {
    questions.get(message.question)?.(message.text)
    questions.delete(message.question)
  } else {
    clearInterval(counting)
    clearInterval(reporting)
    clock[Symbol.dispose]()
    await serving?.[Symbol.asyncDispose]()
    reportJournal()
    tell({ kind: 'counts', counts })
    main.close()
  }
})

const serving = await serve({
  settings: start.settings,
  swarms,
  interval,
  ids,
  counts,
  hub,
  note: journal?.note.bind(journal),
  listReady: () => memory.words[header.listReady] === 1,
  pages: {
    metrics: () => ask('metrics'),
    swarms: () => ask('swarms'),
    listLeftOut: () => memory.words[header.listLeftOut]!,
  },
}).catch((error: Error) => {
  tell({ kind: 'failed', message: messageOf(error), isExplained: error instanceof OperatorError })
})
if (serving !== undefined) tell({ kind: 'ready' })
