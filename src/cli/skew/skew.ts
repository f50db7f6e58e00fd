import { type Command, InvalidArgumentError, Option } from 'commander'
import type { LoadUnit } from '../../inspect/skew/observation.ts'
import { canonicalAddress } from '../../model/address.ts'
import { collect } from '../options/arguments.ts'
import type { Shell } from '../command.ts'
import type { SkewFlags } from './flags.ts'

const units: readonly LoadUnit[] = ['connections', 'bytes', 'requests', 'cpu']

/** Tells who gets how much, whether it is luck, and if not why. Exit 1: SKEWED. */
export function register(command: Command, shell: Shell): void {
  command
    .argument('[service]', 'namespace/name, name, service/name or address:port (default: every Service that is found)')
    .option('--counts <counts>', 'counts by hand: 38,35,27 or web-a=38,web-b=35')
    .option(
      '--from <files...>',
      'rules with counters, conntrack, ipvsadm --stats, ss, kubectl top pods, CSV, JSON: - for stdin',
    )
    .option('--node-file <node=path>', 'the same of one of several nodes: a file or a directory (repeatable)', collect)
    .option('--live', "this node's kernel and agent")
    .option(
      '--since <files...>',
      'the same sources at an earlier moment (NODE=PATH for several nodes): what came since',
    )
    .option(
      '-f, --filename <path>',
      'objects that name pods, nodes and ages: a file, a directory or - (repeatable)',
      collect,
    )
    .option('-n, --namespace <namespace>', 'of the SERVICE; without one, only its Services')
    .option('--node <name>', 'the node that is described, where nothing else says it')
    .addOption(
      new Option('--client <address>', 'whose packets the odds are for (default: somebody outside)').argParser(
        addressFrom,
      ),
    )
    .addOption(
      new Option('--weight <unit>', 'what is counted (default: connections, else what there is)').choices(units),
    )
    .addOption(
      new Option('--of <connections>', 'new ones that were counted, or those open now').choices(['opened', 'open']),
    )
    .addOption(new Option('--at <time>', 'when connections were listed, for the ages of pods').argParser(timeIn))
    .option('-A, --all', 'every Service, the most evidence first, false discoveries below the level')
    .option('-w, --watch', 'look again and again, with a test that stays valid however often')
    .addOption(new Option('--interval <duration>', 'of --watch').default(5, '5s').argParser(durationIn))
    .addOption(new Option('--count <looks>', 'end --watch after so many (default: for ever)').argParser(countIn))
    .addOption(new Option('--level <level>', 'of each tail').default(0.05).argParser(levelIn))
    .addOption(new Option('-o, --output <format>', 'format').choices(['table', 'json', 'yaml']).default('table'))
    .option('--no-headers', 'leave out the headers of tables', true)
    .action(async (service: string | undefined, flags: SkewFlags) => {
      checkHeeded(command, flags)
      if (flags.watch) return (await import('./watch.ts')).watchSkew(service, flags, shell)
      await (await import('./report.ts')).reportSkew(service, flags)
    })
}

/** A flag that would change nothing is refused, not ignored. */
const checkHeeded = (command: Command, { counts, watch }: SkewFlags): void => {
  const given = (...names: readonly string[]): readonly string[] =>
    command.options.flatMap((option) => {
      const name = option.attributeName()
      return names.includes(name) && command.getOptionValueSource(name) === 'cli' ? [option.long ?? name] : []
    })
  const ofFiles = counts === undefined ? [] : given('filename', 'node', 'client', 'of', 'at')
  if (ofFiles.length > 0)
    throw new Error(`--counts is all there is to judge: ${ofFiles.join(', ')} would change nothing`)
  const ofWatch = watch ? [] : given('interval', 'count')
  if (ofWatch.length > 0) throw new Error(`${ofWatch.join(' and ')} ${ofWatch.length === 1 ? 'needs' : 'need'} --watch`)
}

const addressFrom = (text: string): string => {
  const address = canonicalAddress(text)
  if (address !== null) return address
  throw new InvalidArgumentError('must be an IP address.')
}

const levelIn = (text: string): number => {
  const level = Number(text)
  if (text.trim() !== '' && level > 0 && level < 0.5) return level
  throw new InvalidArgumentError('must be between 0 and 0.5.')
}

const countIn = (text: string): number => {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new InvalidArgumentError('must be a whole number above 0.')
}

const durationIn = (text: string): number => {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? []
  const seconds = Number(number) * ({ ms: 0.001, s: 1, m: 60, h: 3600 }[unit] ?? 1)
  if (number !== undefined && seconds > 0 && seconds <= MOST_SECONDS) return seconds
  throw new InvalidArgumentError('must be a duration like 500ms, 5s or 1m, at most a day.')
}

const MOST_SECONDS = 86_400

/** Seconds since the epoch. */
const timeIn = (text: string): number => {
  const seconds = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000
  if (Number.isFinite(seconds)) return seconds
  throw new InvalidArgumentError('must be a time: seconds since the epoch, or 2026-03-01T12:00:00Z.')
}
