import { Argument, type Command } from 'commander'

/** Each script asks `evenkeel __complete WORD…` (complete.ts) at every Tab, so it never goes stale. */
const scripts = {
  bash: `_evenkeel() {
  local IFS=$'\\n'
  COMPREPLY=($(evenkeel __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _evenkeel evenkeel
`,
  zsh: `#compdef evenkeel
_evenkeel() {
  local -a candidates
  candidates=("\${(@f)$(evenkeel __complete "\${(@)words[2,CURRENT]}" 2>/dev/null | sed -e 's/:/\\\\:/g' -e 's/\\t/:/')}")
  if [[ -n "$candidates" ]]; then _describe evenkeel candidates; else _files; fi
}
if [[ "$funcstack[1]" == _evenkeel ]]; then _evenkeel; else compdef _evenkeel evenkeel; fi
`,
  fish: `function __evenkeel_complete
  set -l words (commandline -opc) (commandline -ct)
  evenkeel __complete $words[2..-1] 2>/dev/null
end
complete -c evenkeel -a '(__evenkeel_complete)'
`,
} as const

type ShellName = keyof typeof scripts

export function register(command: Command): void {
  command
    .addArgument(new Argument('<shell>', 'the shell that will read the script').choices(Object.keys(scripts)))
    .addHelpText('after', '\nbash: source <(evenkeel completion bash)\nfish: evenkeel completion fish | source')
    .action((shell: ShellName) => {
      process.stdout.write(scripts[shell])
    })
}
