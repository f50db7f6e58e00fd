import { Argument, Command, Option } from 'commander'
import { expect, test } from 'vitest'
import { candidates } from './complete.ts'

const program = new Command('evenkeel').helpCommand(false)
program
  .command('trace')
  .addOption(new Option('-p, --plane <plane>').choices(['nftables', 'iptables']))
  .option('--live')
program.command('completion').addArgument(new Argument('<shell>').choices(['bash', 'zsh']))
program.command('__complete', { hidden: true })
program
  .command('lab')
  .command('run')
  .addArgument(new Argument('<scenario>').choices(['even', 'storm']))

test.for([
  ['a command', [''], ['trace', 'completion', 'lab']],
  ['a command begun', ['tr'], ['trace']],
  ['a subcommand', ['lab', ''], ['run']],
  ['an argument', ['completion', ''], ['bash', 'zsh']],
  ['an argument of a subcommand', ['lab', 'run', 's'], ['storm']],
  ['flags', ['trace', '-'], ['--plane', '--live', '--help']],
  ["a flag's value", ['trace', '--plane', 'n'], ['nftables']],
  ["a short flag's value", ['trace', '-p', ''], ['nftables', 'iptables']],
  ['nothing after a flag without a value', ['trace', '--live', ''], []],
  ['nothing after the last argument', ['completion', 'bash', ''], []],
  ['nothing known of a command that does not exist', ['nonsense', ''], ['trace', 'completion', 'lab']],
] as const)('completes %s', ([, words, expected]) => {
  expect(candidates(program, words).map(({ word }) => word)).toEqual(expected)
})
