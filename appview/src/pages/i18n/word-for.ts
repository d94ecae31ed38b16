/** The word of a language for a value in records; the value itself when there is no word. */
export function wordFor(words: Readonly<Record<string, string>>, value: string): string {
  return Object.hasOwn(words, value) ? words[value]! : value
}
