import type { InputProblem } from '../../model/snapshot.ts'
import { Faults, type Where } from '../../sources/faults.ts'
import { isRaw, type Raw } from '../../sources/fields.ts'
import { checkFields } from './check.ts'
import type { ConfigDocument } from './documents.ts'
import { checkFeatureGates } from './feature-gates.ts'
import { readValues } from './field.ts'
import { type FieldFlag, fieldFlags, flagValue, type FlagValues, type ModeSection, withField } from './flags.ts'
import { formerFields, kubeProxyFields, type KubeProxyValues } from './kube-proxy-fields.ts'
import { checkLocalhost, checkTogether } from './kube-proxy-checks.ts'

export interface KubeProxyReading {
  readonly values: KubeProxyValues
  /** sections are per mode: without a mode kube-proxy means iptables, and a file written for it must go on meaning the same */
  readonly section: ModeSection
  /** the plane is iptables, said by the plane or, without one, by the mode */
  readonly isIptables: boolean
  /** Does the file, or a flag that counts, say something here? `path` as in `conntrack.min`. */
  isWritten(path: string): boolean
  readonly problems: readonly InputProblem[]
  readonly warnings: readonly InputProblem[]
}

/**
 * Reads a KubeProxyConfiguration with kube-proxy's flags. As kube-proxy has it: with a configuration (`document`) only those
 * flags count that win; the others are named in a warning. `plane` is asked for by other means and wins over `mode`.
 */
export const readKubeProxy = (
  document: ConfigDocument | null,
  flags: FlagValues,
  plane: string | null,
  file: string,
): KubeProxyReading => {
  const given = fieldFlags.filter(({ flag }) => flags[flag] !== undefined)
  const counting = given.filter(({ wins }) => document === null || wins === true)
  const overruled = given.filter((flag) => !counting.includes(flag))
  const { mode } = flagged(document?.raw ?? {}, counting, flags, 'iptables')
  const section = sectionOf(mode, plane)
  const isIptables = (plane ?? mode) === 'iptables'
  const raw = flagged(document?.raw ?? {}, counting, flags, section)
  const faults = new Faults()
  const warned = new Faults()
  const values = readValues(raw, kubeProxyFields, faults)
  // localhostNodePorts is iptables' alone: kube-proxy does not look at it either
  const relevant =
    section === 'nftables' && isRaw(raw['iptables']) ? withField(raw, ['iptables', 'localhostNodePorts'], null) : raw
  checkFields(relevant, kubeProxyFields, { unknown: faults, ignored: warned }, formerFields)
  checkFeatureGates(values.featureGates, faults, warned)
  checkTogether(values, { section, isIptables }, faults, warned)
  if (isWritten(relevant, ['iptables', 'localhostNodePorts'])) checkLocalhost(values, isIptables, warned)
  const where: Where = document?.where ?? (() => file)
  const name = (found: Faults): InputProblem[] =>
    found.problems('KubeProxyConfiguration', where).map((problem) => fromFlag(problem, counting, section))
  return {
    values,
    section,
    isIptables,
    isWritten: (path) => isWritten(raw, path.split('.')),
    problems: name(faults),
    warnings: [...name(warned), ...overruled.map((flag) => overruledBy(file, flag, section))],
  }
}

const sectionOf = (mode: unknown, plane: string | null): ModeSection => {
  const decides = plane === 'nftables' || plane === 'iptables' || plane === 'ipvs' ? plane : mode
  return decides === 'nftables' ? 'nftables' : 'iptables'
}

const pathOf = ({ field }: FieldFlag, section: ModeSection): string =>
  typeof field === 'string' ? field : field(section)

const flagged = (raw: Raw, counting: readonly FieldFlag[], flags: FlagValues, section: ModeSection): Raw =>
  counting.reduce(
    (document, flag) => withField(document, pathOf(flag, section).split('.'), flagValue(flag, flags[flag.flag] ?? '')),
    raw,
  )

/** A fault of a value that a flag gave is that flag's. */
const fromFlag = (problem: InputProblem, counting: readonly FieldFlag[], section: ModeSection): InputProblem => {
  const flag = counting.find((one) => {
    const path = pathOf(one, section)
    return problem.field === path || problem.field.startsWith(`${path}[`) || problem.field.startsWith(`${path}.`)
  })
  return flag === undefined ? problem : { ...problem, where: 'flags', object: '', field: nameOf(flag) }
}

const nameOf = ({ flag }: FieldFlag): string => (flag.length === 1 ? `-${flag}` : `--${flag}`)

const overruledBy = (file: string, flag: FieldFlag, section: ModeSection): InputProblem => ({
  where: 'flags',
  object: '',
  field: nameOf(flag),
  message: `has no effect: with --config it is ${pathOf(flag, section)} of ${file} that counts, as with kube-proxy`,
})

const isWritten = (raw: Raw, [key = '', ...rest]: readonly string[]): boolean => {
  const value = raw[key] ?? null
  if (rest.length > 0) return isRaw(value) && isWritten(value, rest)
  return value !== null && value !== ''
}
