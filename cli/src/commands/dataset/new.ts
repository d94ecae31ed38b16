import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { CommandError } from '../../command-error.ts'
import { print, printJson, printText } from '../../output/terminal.ts'
import { metaTemplate } from '../../publish/meta/template.ts'

interface Options {
  title?: string
  json?: boolean
}

/** `holdfast dataset new`: writes a metadata file to fill in, in which every field is explained. */
export function datasetNewCommand(): Command {
  return new Command('new')
    .description('write a metadata file to fill in, with every field explained')
    .argument(
      '[file]',
      'the file to write, such as meta.yaml; an existing file is not replaced (default: standard output)',
    )
    .option('--title <text>', 'the dataset’s title')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ holdfast dataset new meta.yaml --title 'Water levels of the Rhine'
  $ holdfast publish ./water-levels --dataset meta.yaml`,
    )
    .action(async (file: string | undefined, options: Options) => {
      const template = metaTemplate({ title: options.title })
      if (file !== undefined) await writeNew(file, template)
      if (options.json) printJson(file === undefined ? { template } : { file })
      else if (file === undefined) printText(template.trimEnd())
      else print(`Wrote ${file}. Fill it in, then run: holdfast publish FILES --dataset ${file}`)
    })
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why =
      code === 'EEXIST' ? `${file} already exists and was not changed; choose another name.` : message
    throw new CommandError('usage', why, { cause })
  }
}
