import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const ofRelease =
  /^holdfast-[\w.-]+\.(?:tgz|cdx\.json)$|^(?:SHA256SUMS|CHANGES\.md|provenance\.intoto\.json)$/

/**
 * Makes the directory of a release, without what an earlier run left there, which must not be taken for part of this one.
 *
 * @throws Error when anything else is there; then nothing was removed
 */
export function clearRelease(out: string): void {
  mkdirSync(out, { recursive: true })
  const found = readdirSync(out)
  const strange = found.filter((name) => !ofRelease.test(name))
  if (strange.length > 0) {
    throw new Error(
      `${out} holds ${strange[0]}, which is no part of a release. Name an empty directory with --out`,
    )
  }
  for (const name of found) rmSync(join(out, name))
}
