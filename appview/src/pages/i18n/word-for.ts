/** What a language says for a value that records use; a value it has no word for stands for itself. */
export function wordFor(words: Readonly<Record<string, string>>, value: string): string {
  return Object.hasOwn(words, value) ? words[value]! : value
}
