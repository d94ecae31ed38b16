import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type LexiconDoc, Lexicons, parseLexiconDoc } from '@atproto/lexicon'
import { canonicalAuthority } from './nsid.ts'
import { rehomeText } from './rehome-text.ts'

/** Our JSON lexicons under an authority, by NSID, for documentation and publication. */
export function lexiconDocuments(authority: string = canonicalAuthority): LexiconDoc[] {
  return ownFiles().map((file) =>
    parseLexiconDoc(JSON.parse(rehomeText(readFileSync(file, 'utf8'), canonicalAuthority, authority))),
  )
}

/** All JSON lexicons, including foreign ones that ours refer to. */
export function allDocuments(): LexiconDoc[] {
  const foreign = foreignFiles().map((file) => parseLexiconDoc(JSON.parse(readFileSync(file, 'utf8'))))
  return [...lexiconDocuments(), ...foreign]
}

/** All JSON lexicons, including foreign ones that ours refer to, ready for `@atproto/lexicon`. */
export function loadLexicons(): Lexicons {
  return new Lexicons(allDocuments())
}

function ownFiles(): string[] {
  return jsonFiles(new URL(`../${canonicalAuthority.replaceAll('.', '/')}/`, import.meta.url))
}

function foreignFiles(): string[] {
  return jsonFiles(new URL('../com/atproto/label/', import.meta.url))
}

function jsonFiles(folder: URL): string[] {
  return readdirSync(folder, { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => fileURLToPath(new URL(name, folder)))
}
