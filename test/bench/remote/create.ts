/** Makes a hybrid torrent of what a server lists and prints how long that took, in a process of its own. */
import { join } from 'node:path'
import { loadConfig } from '@holdfast/cli/config'
import { connect } from '@holdfast/cli/connections'
import { givenAddresses, makeFromAddresses } from '@holdfast/cli/remote/make-from-addresses'
import { peakRssMB } from '../../system/process-memory.ts'

const [address, connections, folder] = process.argv.slice(2) as [string, string, string]
const config = loadConfig({ HOLDFAST_ALLOW_PRIVATE_HOSTS: 'on' })
const startedAt = performance.now()
const options = { output: join(folder, 'made.torrent'), connections: Number(connections), overwrite: true }
for await (const made of makeFromAddresses(connect(config), givenAddresses([address]), options, [])) {
  if (!('created' in made)) throw new Error('a torrent could not be made')
  const seconds = (performance.now() - startedAt) / 1000
  const { infoHashV2, sizeBytes } = made.created
  await made.forget()
  console.log(
    JSON.stringify({ seconds, peakRssMB: peakRssMB(), infoHashV2, sizeBytes, leftOut: made.leftOut.length }),
  )
}
