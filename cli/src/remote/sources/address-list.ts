import { readFile } from 'node:fs/promises'
import { counted } from '@holdfast/runtime/counted'
import { CommandError } from '../../command-error.ts'
import { isAddress } from '../../is-address.ts'
import { nameOfAddress } from '../addresses.ts'
import type { RemoteFile } from '../remote-file.ts'
import type { SourceOptions } from './source.ts'

/**
 * The addresses in a text, one a line; lines that begin with `#` are remarks. Throws a CommandError that names the line of
 * what is no address.
 */
export async function readAddresses(place: string, options: SourceOptions): Promise<RemoteFile[]> {
  const lines = (await textAt(place, options)).split(/\r?\n/)
  const files: RemoteFile[] = []
  for (const [index, line] of lines.entries()) {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) continue
    const url = isAddress(text) ? URL.parse(text) : null
    if (!url)
      throw new CommandError(
        'usage',
        `${place}, line ${index + 1}: ${JSON.stringify(text)} is no http(s) address.`,
      )
    url.hash = ''
    files.push({ url: url.href, name: nameOfAddress(url) })
    if (files.length > options.maxFiles)
      throw new CommandError(
        'failure',
        `${place} has more than ${counted(options.maxFiles, 'address', 'addresses')}; raise --max-files.`,
      )
  }
  return files
}

async function textAt(place: string, { web }: SourceOptions): Promise<string> {
  if (isAddress(place)) {
    const { status, text } = await web.get(place, 'text/plain, */*;q=0.5')
    if (status !== 200)
      throw new CommandError(status === 404 ? 'notFound' : 'network', `${place} answers ${status}.`)
    return text
  }
  if (place === '-') return Buffer.concat(await Array.fromAsync(process.stdin)).toString()
  return readFile(place, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT' ? new CommandError('notFound', `There is no file ${place}.`) : cause
  })
}
