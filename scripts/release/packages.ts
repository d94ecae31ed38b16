/**
 * node scripts/release/packages.ts OUT WORKSPACE...: packs workspaces, and those they import, into the folder OUT. Images are
 * made from these packages; a release adds what belongs to its publication.
 */
import { buildPackages, type Published, published } from './pack.ts'

const [out, ...workspaces] = process.argv.slice(2)
const unknown = workspaces.filter((name) => !published.includes(name as Published))
if (out === undefined || workspaces.length === 0 || unknown.length > 0) {
  console.error(
    `usage: node scripts/release/packages.ts OUT WORKSPACE..., each one of ${published.join(', ')}`,
  )
  process.exit(2)
}
using built = buildPackages(workspaces as Published[])
for (const tarball of built.pack(out)) console.log(tarball)
