import { readFileSync } from 'node:fs'

/** This package's version; package.json is in the same place relative to `src/` and to `dist/`. */
export const version: string = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).version
