import { type FileHandle, open, readlink, rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { inTheWay, lookAt, moveToFree, placeInside } from '../files/inside.ts'
import { warn } from '../output/terminal.ts'
import { type DownloadPlan, linkText, notTheTorrents, type WantedFile } from './plan.ts'
import { stagedPath } from './staging.ts'

/**
 * Moves complete files to their places. A file that has appeared there since the plan was made is kept and causes a
 * CommandError.
 */
export async function placeFiles(plan: DownloadPlan, staging: string): Promise<void> {
  const { metainfo, target } = plan
  if (!metainfo.isSingleFile && !(await lookAt(target))) {
    await rename(join(staging, metainfo.name), target)
    return
  }
  const others: string[] = []
  for (const wanted of plan.wanted.values()) {
    const staged = placeInside(staging, stagedPath(metainfo, wanted.file))
    if (!(await placeFile(plan, wanted, staged))) others.push(plan.placeOf(wanted.file))
  }
  if (others.length > 0) throw notTheTorrents(others)
}

/** Returns false if something else is at the target. */
async function placeFile(plan: DownloadPlan, { file, there }: WantedFile, staged: string): Promise<boolean> {
  const place = plan.placeOf(file)
  await plan.parents.make(plan.pathOf(file))
  const found = await lookAt(place)
  if (!found) return moveToFree(staged, place)
  if (!found.isFile()) throw inTheWay(place, found)
  if (there !== 'replaced') return isSameContent(staged, place)
  await rename(staged, place)
  return true
}

/** Creates the torrent's symlinks last, so that no file is written through one. Nothing is ever replaced by a link. */
export async function placeLinks(plan: DownloadPlan): Promise<void> {
  for (const file of plan.metainfo.iterateFiles()) {
    if (!file.symlink) continue
    await plan.parents.make(plan.pathOf(file))
    const [place, text] = [plan.placeOf(file), linkText(plan, file)]
    try {
      await symlink(text, place)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'EPERM') {
        // Windows lets only some users make symlinks, and the files are complete without them.
        warn(`the symlink ${place} could not be made: ${message}`)
        continue
      }
      if (code !== 'EEXIST') throw error
      const found = await lookAt(place)
      if (found && !(found.isSymbolicLink() && (await readlink(place)) === text)) throw inTheWay(place, found)
    }
  }
}

async function isSameContent(a: string, b: string): Promise<boolean> {
  await using inA = await open(a)
  await using inB = await open(b)
  if ((await inA.stat()).size !== (await inB.stat()).size) return false
  const [bufferA, bufferB] = [Buffer.alloc(1 << 20), Buffer.alloc(1 << 20)]
  for (;;) {
    const [lengthOfA, lengthOfB] = [await fill(inA, bufferA), await fill(inB, bufferB)]
    if (!bufferA.subarray(0, lengthOfA).equals(bufferB.subarray(0, lengthOfB))) return false
    if (lengthOfA < bufferA.length) return true
  }
}

async function fill(handle: FileHandle, buffer: Buffer): Promise<number> {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}
