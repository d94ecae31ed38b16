import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The entries of the Registry of Open Data on AWS, one line of JSON each. They are not part of the project: they are at
 * HOLDFAST_BENCH_REGISTRY, or next to the project's folder.
 * @throws Error if they are not there; benchmarks that need them are then left out
 */
export function registryFile(): string {
  const beside = new URL('../../../../shared/data/catalogs/aws-open-data-registry.jsonl', import.meta.url)
  const file = process.env.HOLDFAST_BENCH_REGISTRY ?? fileURLToPath(beside)
  if (!existsSync(file))
    throw new Error(`left out: ${file} is not here; HOLDFAST_BENCH_REGISTRY says where it is`)
  return file
}
