/** Enough text for a reader to decide whether to open the rest. */
const maxOpeningBytes = 5_000

/** The first paragraphs of a long Markdown text; if the first paragraph is longer than the limit, its first lines or words. */
export function openingOf(text: string): string {
  const cut = truncated(text, maxOpeningBytes)
  if (cut === text) return text
  for (const boundary of ['\n\n', '\n', '. ', ' ']) {
    const end = cut.lastIndexOf(boundary)
    if (end > cut.length / 4) return `${cut.slice(0, end).trimEnd()}\n\n…`
  }
  return `${cut}…`
}

/** As much of a text as fits into this many bytes of UTF-8, cut between characters. */
function truncated(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes))
  return text.slice(0, read)
}
