/** The fields of the first entry in a BibTeX text, under lowercase names; undefined if there is none. */
export function readBibtex(text: string): ReadonlyMap<string, string> | undefined {
  const start = /^\s*@\s*[a-z]+\s*\{[^,{}]*,/i.exec(text)
  if (!start) return undefined
  const fields = new Map<string, string>()
  const name = /[\s,]*([a-z][\w-]*)\s*=\s*/iy
  for (let at = start[0].length; ; ) {
    name.lastIndex = at
    const found = name.exec(text)
    if (!found) return fields
    const value = readValue(text, name.lastIndex)
    if (!value) return fields
    if (value.text !== '') fields.set(found[1]!.toLowerCase(), value.text)
    at = value.end
  }
}

/** People in a field such as `author`: `Doe, Jane and Roe, Ann`. */
export function peopleIn(text: string): string[] {
  return text
    .split(/\s+and\s+/)
    .map((person) => {
      const [family, given, ...rest] = person.split(',').map((part) => part.trim())
      return given && rest.length === 0 ? `${given} ${family}` : person.trim()
    })
    .filter((person) => person !== '')
}

/** A value in braces, which may contain braces, in quotes, or bare; without the braces that only keep letters as they are. */
function readValue(text: string, start: number): { text: string; end: number } | undefined {
  const open = text[start]
  if (open !== '{' && open !== '"') {
    const bare = /[^,}\s]*/y
    bare.lastIndex = start
    const [value] = bare.exec(text)!
    return value === '' ? undefined : { text: value, end: bare.lastIndex }
  }
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const letter = text[at]
    if (letter === '\\') at++
    else if (letter === '{') depth++
    else if (letter === '}') depth--
    const isEnd = open === '{' ? depth === 0 : letter === '"' && at > start && depth === 0
    if (isEnd) return { text: plain(text.slice(start + 1, at)), end: at + 1 }
  }
  return undefined
}

function plain(value: string): string {
  return value
    .replaceAll(/\\([&%$#_{}])/g, '$1')
    .replaceAll(/(?<!\\)[{}]/g, '')
    .trim()
}
