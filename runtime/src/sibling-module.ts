/**
 * The address of the module `name` beside the one at `from` (`import.meta.url`), for a thread to run: its TypeScript in a
 * clone, or in a published package what was built from it.
 */
export function siblingModule(name: `./${string}`, from: string): URL {
  return new URL(`${name}.${from.endsWith('.ts') ? 'ts' : 'js'}`, from)
}
