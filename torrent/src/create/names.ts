/** Names that are valid here and cause problems on other systems. */
export interface NameProblem {
  /**
   * `case`, `unicode`: names that become one on a file system that ignores letter case or Unicode forms, as on Windows
   * and macOS. `windows`: a name that Windows does not allow.
   */
  readonly problem: 'case' | 'unicode' | 'windows'
  /** Paths under the torrent's root of the names that collide, or of the one invalid name. */
  readonly paths: readonly string[]
}

/** The largest number of problems that are listed. */
const maxTold = 100

/** Collects the problems, one directory at a time. */
export class NameProblems {
  readonly found: NameProblem[] = []
  count = 0

  /** Adds the names in one directory. */
  addDirectory(path: readonly string[], names: readonly string[]): void {
    for (const name of names) if (windowsRefuses(name)) this.#add('windows', path, [name])
    for (const group of meeting(names)) {
      const forms = new Set(group.map((name) => name.normalize('NFC')))
      this.#add(forms.size < group.length ? 'unicode' : 'case', path, group)
    }
  }

  #add(problem: NameProblem['problem'], path: readonly string[], names: readonly string[]): void {
    if (++this.count > maxTold) return
    this.found.push({ problem, paths: names.map((name) => [...path, name].join('/')) })
  }
}

/** Describes a problem in a sentence without its full stop. */
export function describeNameProblem({ problem, paths }: NameProblem): string {
  const named = paths.map((path) => JSON.stringify(path)).join(' and ')
  switch (problem) {
    case 'case':
      return `${named} differ only in case: where file names do not tell cases apart (Windows, macOS), one is lost`
    case 'unicode':
      return `${named} differ only in their Unicode form: where file names do not tell forms apart (macOS), one is lost`
    case 'windows':
      return `${named} cannot be a file name on Windows`
  }
}

/** Groups of names that are equal after folding case and Unicode forms. */
function meeting(names: readonly string[]): string[][] {
  // Hashes are compared first: a flat directory may have a million names, of which hardly any collide.
  const hashes = Uint32Array.from(names, (name) => hashOf(fold(name)))
  const sorted = hashes.slice().sort()
  const repeated = new Set<number>()
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) repeated.add(sorted[i]!)
  if (repeated.size === 0) return []
  const candidates = names.filter((_, index) => repeated.has(hashes[index]!))
  return [...Map.groupBy(candidates, fold).values()].filter((group) => group.length > 1)
}

function fold(name: string): string {
  if (plainLowerCase.test(name)) return name
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}

const plainLowerCase = /^[ -@[-~]*$/

/** The FNV-1a hash. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/**
 * Whether Windows refuses a name (Microsoft, "Naming Files, Paths, and Namespaces"): characters and device names that
 * are not allowed, and endings that are cut off.
 */
function windowsRefuses(name: string): boolean {
  return windowsSigns.test(name) || windowsDevices.test(name)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what Windows refuses
const windowsSigns = /[\u0000-\u001f<>:"\\|?*]|[. ]$/
const windowsDevices = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?: *\.|$)/i
