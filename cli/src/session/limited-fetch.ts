import { counted } from '@holdfast/runtime/counted'

/**
 * A `fetch` for a server that the user chose, which may be on this machine: it takes at most `timeoutMs`, and an answer of
 * more than `maxBytes` is an error, so that a server that sends without end does not fill the memory. For addresses that a
 * stranger chose there is `strangerFetch`, which takes longer to load.
 */
export function limitedFetch({ timeoutMs, maxBytes }: { timeoutMs: number; maxBytes: number }): typeof fetch {
  return async (input, init) => {
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout
    const answer = await fetch(input, { ...init, signal })
    if (!answer.body) return answer
    let left = maxBytes
    const counting = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        left -= chunk.length
        if (left < 0) throw new Error(`the answer has more than ${counted(maxBytes, 'byte')}`)
        controller.enqueue(chunk)
      },
    })
    return new Response(answer.body.pipeThrough(counting), answer)
  }
}
