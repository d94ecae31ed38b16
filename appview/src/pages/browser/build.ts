/**
 * `npm run bundle -w appview` bundles the programs that run in browsers into `assets/*.min.js`. The bundles are committed, so
 * that serving them needs no build step; a test checks that they match the sources.
 */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The source file of each bundle. */
const programs = {
  'account.min.js': 'account.ts',
  'download.min.js': 'download.ts',
  'peers.min.js': 'peers.ts',
} as const

/** Bundles every program; the same sources give the same bytes. */
export async function bundle(): Promise<{ name: string; path: string; text: string }[]> {
  return Promise.all(
    Object.entries(programs).map(async ([name, entry]) => {
      const { outputFiles } = await build({
        entryPoints: [here(entry)],
        bundle: true,
        minify: true,
        write: false,
        format: 'esm',
        target: 'es2022',
        platform: 'browser',
        charset: 'utf8',
        legalComments: 'none',
        alias: { 'node:crypto': here('node/crypto.ts') },
        inject: [here('node/buffer.ts')],
        define: { 'process.env.NODE_ENV': '"production"' },
        logLevel: 'silent',
      })
      return { name, path: here(`../assets/${name}`), text: outputFiles[0]!.text }
    }),
  )
}

if (import.meta.main) for (const { path, text } of await bundle()) await writeFile(path, text)
