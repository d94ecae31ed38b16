import { type FileHandle, link, open, unlink } from 'node:fs/promises'
import { OperatorError } from './operator-error.ts'

/** Opens a file that must not exist yet, for this user alone. @throws OperatorError */
export async function openNewFile(path: string): Promise<FileHandle> {
  return open(path, 'wx', 0o600).catch((cause) => {
    throw cannotWrite(path, cause)
  })
}

/** Gives a file its name, under which nothing may be yet; a rename would replace what somebody wrote meanwhile. @throws OperatorError */
export async function nameFile(from: string, to: string): Promise<void> {
  await link(from, to).catch((cause) => {
    throw cannotWrite(to, cause)
  })
  await unlink(from)
}

function cannotWrite(path: string, cause: NodeJS.ErrnoException): OperatorError {
  const why = cause.code === 'EEXIST' ? 'it exists already' : cause.message
  return new OperatorError(`Cannot write ${path}: ${why}. Nothing was changed.`, { cause })
}
