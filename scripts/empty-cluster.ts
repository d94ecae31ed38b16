import { writeEmptyCluster } from '../appview/src/store/empty-cluster.ts'

const { path, sizeBytes } = await writeEmptyCluster()
console.log(`${path.pathname}: ${(sizeBytes / 1e6).toFixed(1)} MB`)
