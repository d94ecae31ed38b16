import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandError } from '../command-error.ts'
import { inTheWay, lookAt, parentsUnder, placeInside } from '../files/inside.ts'
import { fileName, isSameText, saveText } from '../files/save.ts'
import { toBagTagFiles } from './bagit.ts'
import type { ExportedDataset } from './exported-dataset.ts'

/**
 * Writes a bag for each dataset, in a directory named like its record key, and resolves to those directories. Nothing
 * is written through a link. If a file exists and may not be overwritten, no file of any bag is written.
 */
export async function writeBags(
  output: string,
  datasets: readonly ExportedDataset[],
  overwrites: boolean,
): Promise<string[]> {
  await mkdir(output, { recursive: true })
  const root = await realpath(output)
  const parents = parentsUnder(root)
  const taken = new Set<string>()
  const bags = datasets.map((dataset) => {
    const directory = directoryName(dataset.rkey, taken)
    const files = [...toBagTagFiles(dataset)].map(([name, text]) => ({ path: [directory, name], text }))
    return { directory, files }
  })
  for (const { path, text } of bags.flatMap(({ files }) => files)) {
    await parents.check(path)
    const place = placeInside(root, path)
    const found = await lookAt(place)
    if (found && !found.isFile()) throw inTheWay(place, found)
    if (found && !overwrites && !(await isSameText(place, text)))
      throw new CommandError(
        'failure',
        `${place} already exists and was not changed; use --overwrite to replace it.`,
      )
  }
  for (const { directory, files } of bags) {
    // A bag must have a payload directory, even before anything has been fetched into it.
    await parents.make([directory, 'data', 'file'])
    for (const { path, text } of files) await saveText(placeInside(root, path), text, overwrites)
  }
  return bags.map(({ directory }) => join(output, directory))
}

/** A directory name like the record key, different from all other bags of this run on any file system. */
function directoryName(rkey: string, taken: Set<string>): string {
  // File names on Windows cannot contain a colon.
  const name = rkey.replaceAll(':', '_')
  for (let number = 1; ; number++) {
    const candidate = fileName(name, number === 1 ? '' : `-${number}`)
    if (taken.has(candidate.toLowerCase())) continue
    taken.add(candidate.toLowerCase())
    return candidate
  }
}
