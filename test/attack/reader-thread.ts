/** A thread that asks for addresses all at once, or stalled one after the other, and posts what came. */
import { get, type IncomingMessage } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'

export interface Answered {
  readonly status: number
  /** The length of the body; of a stalled one, what arrived. */
  readonly bytes: number
  /** The name of the error. */
  readonly error?: string
}

export interface Reading {
  readonly urls: readonly string[]
  /** Whether nothing is read after the first bytes, and the connections stay open until the reader is disposed of. */
  readonly isStalled?: boolean
  /** The address as a proxy would report it; without one, it reads as a program of the operator. */
  readonly address?: string
}

const { urls, isStalled = false, address } = workerData as Reading
const headers = address === undefined ? {} : { 'x-forwarded-for': address }
if (isStalled) {
  const answers: Answered[] = []
  // Each begins only when the one before has been answered, so that none waits for the same file being made.
  for (const url of urls) answers.push(await begin(url))
  parentPort!.postMessage(answers)
} else parentPort!.postMessage(await Promise.all(urls.map(readAll)))

async function readAll(url: string): Promise<Answered> {
  const response = await fetch(url, { headers })
  if (!response.ok) {
    const text = await response.text()
    return { status: response.status, bytes: text.length, error: JSON.parse(text).error }
  }
  let bytes = 0
  for await (const chunk of response.body!) bytes += chunk.length
  return { status: response.status, bytes }
}

async function begin(url: string): Promise<Answered> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent: false, headers }, resolve).once('error', reject)
  })
  return { status: response.statusCode!, bytes: response.readableLength }
}
