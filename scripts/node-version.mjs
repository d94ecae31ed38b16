// Plain JavaScript, so that an old Node can say what is wrong instead of failing on TypeScript.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(
    `Holdfast needs Node 24 and this is ${process.versions.node}. On Linux and on Windows (x64) npm ci brings it along, unless ` +
      'optional dependencies are left out; elsewhere install Node 24 first.\n',
  )
  process.exitCode = 1
}
