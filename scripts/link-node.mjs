// Runs after every install. The packages of Node for each platform all bring a command called `node`, and npm 10, as it
// takes away those of other platforms, takes the link to this one's away too. This puts it back.
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const modules = fileURLToPath(new URL('../node_modules', import.meta.url))
const program = join(`node-${process.platform}-${process.arch}`, 'bin', 'node')
const link = join(modules, '.bin', 'node')
if (existsSync(join(modules, program)) && !existsSync(link)) symlinkSync(join('..', program), link)
