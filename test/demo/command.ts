import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../../cli/bin/holdfast.mjs', import.meta.url))

/** Runs `holdfast …` in a process of its own, as a person or a script does, and parses its `--json`. */
export async function holdfast<T>(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<T> {
  const child = spawn(process.execPath, [entry, ...args, '--json'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`holdfast ${args[0]} ended with ${code}: ${stderr.trim() || stdout.trim()}`)
  return JSON.parse(stdout) as T
}
