import { type Command, Option } from 'commander'
import { type FieldFlag, fieldFlags, type FlagValues, otherFlags } from '../../agent/config/flags.ts'
import { fieldAt } from '../../agent/config/field.ts'
import { kubeProxyFields } from '../../agent/config/kube-proxy-fields.ts'

const GROUP = 'kube-proxy’s flags (with --config only -v, --logging-format, --hostname-override and --master count):'

/** Flags that mean here what they mean to kube-proxy, by the same names. `plans`: only those that bear on what is planned. */
export const addKubeProxyFlags = (command: Command, which: 'all' | 'plans'): Command => {
  for (const flag of fieldFlags) if (which === 'all' || flag.plans) command.addOption(fieldOption(flag))
  if (which === 'plans') return command
  for (const { flag, about, noEffect } of otherFlags) {
    if (flag === 'version' || command.options.some(({ long }) => long === `--${flag}`)) continue
    const value = switches.has(flag) ? '[boolean]' : '<value>'
    const text = noEffect === undefined ? about : `no effect: ${noEffect}`
    command.addOption(new Option(`--${flag} ${value}`, text).helpGroup(GROUP))
  }
  return command
}

const switches: ReadonlySet<string> = new Set([
  'cleanup',
  'init-only',
  'log-text-split-stream',
  'log-json-split-stream',
])

const fieldOption = (flag: FieldFlag): Option => {
  const value = flag.value === 'boolean' ? '[boolean]' : '<value>'
  const names = flag.flag === 'v' ? `-v, --v ${value}` : `--${flag.flag} ${value}`
  const path = typeof flag.field === 'string' ? flag.field : flag.field('nftables')
  const field = fieldAt(kubeProxyFields, path)
  const about = field === null ? '' : field.support.is === 'honoured' ? field.about : `no effect: ${field.support.why}`
  const option = new Option(names, about).helpGroup(GROUP)
  const choices = field?.schema['enum']
  return Array.isArray(choices) ? withChoices(option, choices) : option
}

/** For completion alone: the configuration's reader refuses other values, with its own words. */
const withChoices = (option: Option, choices: readonly unknown[]): Option => {
  option.argChoices = choices.filter((choice) => typeof choice === 'string' && choice !== '') as string[]
  return option
}

/** What the command line said of them, by name without the dashes. */
export const kubeProxyFlagsOf = (options: Readonly<Record<string, unknown>>): FlagValues => {
  const values: Record<string, string | boolean> = {}
  for (const { flag } of [...fieldFlags, ...otherFlags]) {
    const value = options[camelCase(flag)]
    // pflag takes -v=2, commander hands on what stands behind -v
    if (typeof value === 'string') values[flag] = flag === 'v' ? value.replace(/^=/, '') : value
    else if (typeof value === 'boolean') values[flag] = value
  }
  return values
}

const camelCase = (flag: string): string => flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
