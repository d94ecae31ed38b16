import { Command } from 'commander'
import { datasetNewCommand } from './new.ts'

/** `holdfast dataset …`. */
export function datasetCommand(): Command {
  return new Command('dataset').addCommand(datasetNewCommand())
}
