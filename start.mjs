// Plain JavaScript, so that an old Node can say what is wrong instead of failing on TypeScript.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(
    `Holdfast needs Node 24 or newer and this is ${process.versions.node}; run it as npm start, or install Node 24.\n`,
  )
  process.exitCode = 1
} else {
  await import('./appview/bin/quick-start.mjs')
  const { start } = await import('./start.ts')
  const { loadEnvFile } = await import('@holdfast/runtime/settings')
  loadEnvFile()
  process.exitCode = await start(process.env)
}
