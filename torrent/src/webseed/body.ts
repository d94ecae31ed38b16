/**
 * Passes on exactly `length` bytes of a response's body; throws an Error if there are fewer, or more, and then stops
 * reading.
 */
export async function readBody(
  response: Response,
  length: number,
  onChunk: (chunk: Uint8Array) => void,
): Promise<void> {
  let received = 0
  for await (const chunk of response.body ?? []) {
    received += chunk.length
    if (received > length) throw new Error(`${response.url} sent more than the ${length} bytes asked for`)
    onChunk(chunk)
  }
  if (received < length) throw new Error(`${response.url} sent ${received} of the ${length} bytes asked for`)
}
