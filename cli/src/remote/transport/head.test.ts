import { describe, expect, test } from 'vitest'
import { ChunkDecoder, parseHead } from './head.ts'

const head = (...lines: string[]) => parseHead(lines.join('\r\n'))

test('reads the status, the headers and how long the body is', () => {
  const found = head('HTTP/1.1 206 Partial Content', 'Content-Length: 12', 'ETag:  "a" ', 'X: 1', 'x: 2')
  expect(found).toMatchObject({ status: 206, framing: { kind: 'length', bytes: 12 }, keepsConnection: true })
  expect([...found.headers]).toEqual([
    ['content-length', '12'],
    ['etag', '"a"'],
    ['x', '1, 2'],
  ])
  expect(head('HTTP/1.0 200 OK').keepsConnection).toBe(false)
  expect(head('HTTP/1.1 200 OK', 'Connection: close', 'Content-Length: 1').keepsConnection).toBe(false)
  expect(head('HTTP/1.1 304 Not Modified').framing).toEqual({ kind: 'length', bytes: 0 })
})

test.each([
  [['SSH-2.0-OpenSSH'], 'HTTP'],
  [['HTTP/1.1 999 x'], 'HTTP'],
  [['HTTP/1.1 200 OK', ' folded: x'], 'header'],
  [['HTTP/1.1 200 OK', 'Content-Length: 1, 2'], 'Content-Length'],
  [['HTTP/1.1 200 OK', 'Content-Length: 1', 'Transfer-Encoding: chunked'], 'not clear'],
  [['HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked'], 'not clear'],
])('refuses %j, which could be read in two ways', (lines, message) => {
  expect(() => head(...lines)).toThrow(message)
})

describe('the chunked coding', () => {
  const body = '5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\nnext'

  test('is taken off, wherever the bytes are cut', () => {
    for (let size = 1; size <= body.length; size++) {
      const decoder = new ChunkDecoder()
      let text = ''
      for (let at = 0; at < body.length; at += size)
        for (const piece of decoder.decode(Buffer.from(body.slice(at, at + size)))) text += piece.toString()
      expect([text, decoder.isComplete]).toEqual(['hello world', true])
    }
  })

  test.each(['x\r\n', '\r\n', '5\r\nhelloX\r\n', `${'f'.repeat(20)}\r\n`, 'a'.repeat(5000)])(
    'refuses %j',
    (text) => {
      expect(() => [...new ChunkDecoder().decode(Buffer.from(text))]).toThrow('the server sent a chunk')
    },
  )
})
