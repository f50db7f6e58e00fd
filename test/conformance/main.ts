import { release } from 'node:os'
import { parseArgs } from 'node:util'
import type { PlaneName } from '../../src/dataplane/plane.ts'
import { loadPlane, planeNamed, planeNames, type PlaneVariant, variantsOf } from '../../src/dataplane/registry.ts'
import { describeFailure, runAll } from './run-all.ts'
import { groupsFor } from './table.ts'

const usage = `scripts/node test/conformance/main.ts [--plane ${planeNames.join('|')}] [--iptables-backend legacy|nft]
                                      [--only WORDS] [--patience N] [--worlds N]

The conformance table with real packets in network namespaces of its own, without vitest. Needs root.

--plane             default nftables
--iptables-backend  of the plane iptables; default: the one that this machine uses
--only              groups whose name has these words
--patience          factor on every waiting time (an emulated machine needs about 6), default 1
--worlds            groups at a time, default 2
Exit 0 when every packet met its verdict, 1 when one did not or there was none, 2 for a flag that is none.`

interface Asked {
  readonly variant: PlaneVariant
  readonly only: string
  readonly patience: number
  readonly worlds: number
}

/** Null: the usage was asked for. Throws for what is no flag, or none of its values. */
const readFlags = (): Asked | null => {
  const { values } = parseArgs({
    options: {
      plane: { type: 'string', default: 'nftables' },
      patience: { type: 'string', default: '1' },
      worlds: { type: 'string', default: '2' },
      only: { type: 'string', default: '' },
      'iptables-backend': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return null
  const variant = variantNamed(planeNamed(values.plane), values['iptables-backend'])
  const [patience, worlds] = [above0('patience', values.patience), above0('worlds', values.worlds)]
  return { variant, only: values.only, patience, worlds }
}

const variantNamed = (plane: PlaneName, suffix: string | undefined): PlaneVariant => {
  if (suffix === undefined) return { name: plane, plane, kernel: {} }
  const variant = variantsOf(plane).find(({ name }) => name === `${plane}-${suffix}`)
  if (variant === undefined)
    throw new Error(`--iptables-backend ${suffix}: not one of ${plane}, which has ${names(variantsOf(plane))}`)
  return variant
}

const names = (variants: readonly PlaneVariant[]): string => variants.map(({ name }) => name).join(', ')

const above0 = (flag: string, text: string): number => {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${flag}: a number above 0, not ${text}`)
  return value
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** How many packets met their verdicts, and how many did not. */
const judge = async ({ variant, only, patience, worlds }: Asked): Promise<{ passed: number; failed: number }> => {
  const started = performance.now()
  const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1)
  const { groups, skipped } = groupsFor((await loadPlane(variant.plane)).capabilities)
  const chosen = groups.filter(({ name }) => name.includes(only))
  let done = 0
  const results = await runAll(chosen, {
    variant,
    patience,
    worlds,
    onGroup(name, rows) {
      const failed = rows.filter(({ problem }) => problem !== '').length
      say(`${seconds().padStart(6)} s  ${++done}/${chosen.length}  ${failed === 0 ? 'ok    ' : 'FAILED'}  ${name}`)
    },
  })
  const failures = results.filter(({ problem }) => problem !== '')
  for (const failure of failures) say(describeFailure(failure))
  for (const { name, reason } of skipped) say(`skipped ${name}: ${reason}`)
  const slowest = Math.max(0, ...results.map(({ refusedMs }) => refusedMs))
  say(`Linux ${release()}, ${variant.name}: slowest refusal ${slowest.toFixed(0)} ms, ${seconds()} s in all`)
  return { passed: results.length - failures.length, failed: failures.length }
}

const run = async (): Promise<number> => {
  let asked: Asked | null
  try {
    asked = readFlags()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`)
    return 2
  }
  if (asked === null) {
    say(usage)
    return 0
  }
  const { passed, failed } = await judge(asked)
  say(`conformance: ${passed} passed, ${failed} failed`)
  return failed > 0 || passed === 0 ? 1 : 0
}

process.exitCode = await run()
