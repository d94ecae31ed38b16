import { Argument, Command } from 'commander'
import { printJson, printText } from '../output/terminal.ts'

/** `holdfast completion`: prints a script that completes commands and options in a shell. */
export function completionCommand(): Command {
  return new Command('completion')
    .addArgument(new Argument('<shell>', 'which one').choices(['bash', 'zsh', 'fish']))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ holdfast completion bash > ~/.local/share/bash-completion/completions/holdfast
  $ holdfast completion zsh > "\${fpath[1]}/_holdfast"
  $ holdfast completion fish > ~/.config/fish/completions/holdfast.fish`,
    )
    .action((shell: keyof typeof scripts, options: { json?: boolean }, command: Command) => {
      const script = scripts[shell](wordsOf(rootOf(command)))
      if (options.json) printJson({ shell, script })
      else printText(script)
    })
}

/** The words that may follow those typed so far: after `torrent` comes `create`, after `torrent create` come options. */
interface Place {
  readonly path: string
  readonly words: readonly { readonly word: string; readonly about: string }[]
}

function rootOf(command: Command): Command {
  return command.parent ? rootOf(command.parent) : command
}

function wordsOf(command: Command, path: readonly string[] = []): Place[] {
  const commands = command.commands.map((child) => ({ word: child.name(), about: child.description() }))
  const options = command.options
    .filter(({ hidden, long }) => !hidden && long)
    .map(({ long, description }) => ({ word: long!, about: description }))
  const here = {
    path: path.join(' '),
    words: [...commands, ...options, { word: '--help', about: 'show help' }],
  }
  return [here, ...command.commands.flatMap((child) => wordsOf(child, [...path, child.name()]))]
}

const scripts = {
  bash: (places: readonly Place[]) => `_holdfast() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in ${
      places
        .filter(({ path }) => path)
        .map(({ path }) => `" ${path}"`)
        .join('|') || '""'
    }) path="$path $word";;
${places
  .filter(({ path }) => path.includes(' '))
  .map(({ path }) => `      "${` ${path}`}") path=" ${path}";;`)
  .join('\n')}
    esac
  done
  case "$path" in
${places.map(({ path, words }) => `    "${path ? ` ${path}` : ''}") words="${words.map(({ word }) => word).join(' ')}";;`).join('\n')}
  esac
  # Files are left to the shell itself, which knows how to quote whatever they are called.
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _holdfast holdfast`,
  zsh: (places: readonly Place[]) => `#compdef holdfast
_holdfast() {
  local place="" word
  for word in \${words[2,CURRENT-1]}; do
    case "$place $word" in
${places
  .filter(({ path }) => path)
  .map(({ path }) => `      ' ${path}') place=' ${path}';;`)
  .join('\n')}
    esac
  done
  local -a choices
  case "$place" in
${places.map(({ path, words }) => `    '${path ? ` ${path}` : ''}') choices=(${words.map(({ word, about }) => quote(`${word}:${about}`)).join(' ')});;`).join('\n')}
  esac
  _describe holdfast choices
  _files
}
_holdfast "$@"`,
  fish: (places: readonly Place[]) =>
    places
      .flatMap(({ path, words }) => words.map(({ word, about }) => fishLine(path, word, about)))
      .join('\n'),
}

function fishLine(path: string, word: string, about: string): string {
  const condition = path
    ? `'${path
        .split(' ')
        .map((part) => `__fish_seen_subcommand_from ${part}`)
        .join('; and ')}'`
    : '__fish_use_subcommand'
  const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`
  return `complete -c holdfast -n ${condition} ${what} -d ${quote(about)}`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", '’')}'`
}
