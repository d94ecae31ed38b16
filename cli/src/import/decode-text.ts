import { CommandError } from '../command-error.ts'

export interface Encoded {
  /** The file, address or `-` that the bytes are from, for messages. */
  readonly place: string
  /** The encoding according to the sender or the user; a byte order mark takes precedence. */
  readonly charset?: string | undefined
}

/**
 * Decodes the text of a file. If nothing states its encoding, it is UTF-8, or UTF-16 if the zero bytes of the first
 * character show it. Throws a CommandError instead of replacing a character with U+FFFD.
 */
export function decodeText(bytes: Uint8Array, { place, charset }: Encoded): string {
  const encoding = markedEncoding(bytes) ?? charset ?? unmarkedEncoding(bytes)
  const decoder = decoderOf(encoding, place)
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new CommandError(
      'usage',
      `${place} is not text in ${encoding}. Say its encoding with --charset (such as ISO-8859-1) where the command has it, or convert it: iconv -f ISO-8859-1 -t UTF-8`,
      { cause },
    )
  }
}

/** The `charset` of a `Content-Type` header. */
export function charsetOf(contentType: string | null): string | undefined {
  return /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType ?? '')?.[1]
}

function decoderOf(encoding: string, place: string): { decode(bytes: Uint8Array): string } {
  try {
    return new TextDecoder(encoding, { fatal: true })
  } catch (cause) {
    throw new CommandError(
      'usage',
      `${place}: ${JSON.stringify(encoding)} is not a known encoding; use one such as UTF-8, UTF-16LE or ISO-8859-1.`,
      { cause },
    )
  }
}

function markedEncoding([a, b, c]: Uint8Array): string | undefined {
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if (a === 0xff && b === 0xfe) return 'utf-16le'
  return a === 0xfe && b === 0xff ? 'utf-16be' : undefined
}

/** JSON and YAML begin with an ASCII character, which in UTF-16 is one byte next to a zero (RFC 4627, section 3). */
function unmarkedEncoding([a, b]: Uint8Array): string {
  if (a === 0 && b) return 'utf-16be'
  return a && b === 0 ? 'utf-16le' : 'utf-8'
}
