import { formatEndpoint } from '../../../model/address.ts'
import type { Packet, Trace } from '../../../model/packet.ts'
import { formatAddressAndPort } from '../../../rules/print.ts'
import { nearestDouble } from '../../../rules/fraction.ts'
import type { NodeRules } from '../../dumps/node.ts'
import { type SurveyedFrontend, surveyNode } from '../../dumps/survey.ts'
import { faultOfCount } from './limits.ts'
import { schedulerOf } from './rule-scheduler.ts'
import { ElementIndex, type PassedRule, RuleIndex } from './rule-index.ts'

/** What counted new connections to a backend: a rule or an element of a map. Several frontends may share it. */
export interface Tally {
  /** unique on the node */
  readonly id: string
  readonly backend: string
  readonly packets: number
}

/** One frontend of a node: the odds its rules give, and what they have counted. Backends are `address:port`. */
export interface FrontendReading {
  readonly frontend: string
  /** what the rules call its ServicePort; '' nothing */
  readonly title: string
  readonly odds: ReadonlyMap<string, number>
  readonly tallies: readonly Tally[]
  /** new connections that came to it; null: its rules do not count */
  readonly came: number | null
  readonly scheduler: string | null
  readonly affinity: boolean
  /** what was not understood: then the odds are not to be relied on */
  readonly unknown: readonly string[]
}

/** Every frontend of a node that leads to backends, by its rules; IPVS counts by itself (`ipvs-reading`). */
export function* readFrontends(
  node: NodeRules,
  options: { readonly client?: string; readonly wanted?: (frontend: string, title: string) => boolean } = {},
): Generator<FrontendReading> {
  const rules = new RuleIndex(node.tables)
  const elements = new ElementIndex()
  for (const found of surveyNode(node, options.client, options.wanted))
    if (found.trace.verdict === 'dnat') yield readingOf(found, passedBy(found.trace, found.packet, rules), elements)
}

const passedBy = (trace: Trace, packet: Packet, rules: RuleIndex): readonly PassedRule[] =>
  trace.path.flatMap((step) => rules.find(step, packet) ?? [])

const readingOf = (
  { frontend, title, packet, trace }: SurveyedFrontend,
  passed: readonly PassedRule[],
  elements: ElementIndex,
): FrontendReading => {
  const tallies = passed.flatMap((rule) => talliesOf(rule, packet, elements))
  const { backends, conditions, partial, unknown } = trace
  return {
    frontend,
    title,
    odds: new Map(
      backends.map(({ address, port, probability }) => [formatEndpoint(address, port), nearestDouble(probability)]),
    ),
    tallies,
    came: cameTo(passed, tallies, packet),
    scheduler: schedulerOf(passed),
    affinity: conditions.some((text) => /affinity|persistent/.test(text)),
    unknown: partial ? unknown : [],
  }
}

const talliesOf = ({ table, chain, rule }: PassedRule, packet: Packet, elements: ElementIndex): readonly Tally[] => {
  const id = `${table.family} ${table.name} ${chain.name}`
  return rule.statements.flatMap((statement): readonly Tally[] => {
    if (statement.kind === 'dnat' && rule.counters !== undefined) {
      checkCount(rule.counters.packets, `${rule.file ?? ''}:${rule.line ?? rule.handle ?? chain.name}`)
      const backend = formatAddressAndPort(statement.address, statement.port === 0 ? packet.port : statement.port)
      return [{ id: `${id} ${rule.line ?? rule.handle ?? backend}`, backend, packets: rule.counters.packets }]
    }
    const set = statement.kind === 'dnat-map' ? table.sets.get(statement.map) : undefined
    if (statement.kind !== 'dnat-map' || set === undefined) return []
    return elements.find(set, statement.key, packet).map(({ key, backend, packets }) => {
      checkCount(packets, `${chain.file ?? rule.file ?? table.name}: map ${set.name}`)
      return { id: `${id} ${set.name} ${key}`, backend, packets }
    })
  })
}

const checkCount = (packets: number, where: string): void => {
  const fault = faultOfCount(packets, 'connections')
  if (fault !== '') throw new Error(`${where}: counter of packets: ${fault}`)
}

/** What the rule that asks for its port has counted; else what its own elements have. */
const cameTo = (passed: readonly PassedRule[], tallies: readonly Tally[], packet: Packet): number | null => {
  for (const { table, rule } of passed) {
    if (table.name === 'filter' || rule.counters === undefined) continue
    const asks = rule.statements.some(
      (statement) =>
        statement.kind === 'match' &&
        statement.left.kind === 'field' &&
        statement.left.field === 'th dport' &&
        statement.right === String.fromCharCode(packet.port >>> 8, packet.port & 0xff),
    )
    if (asks) return rule.counters.packets
  }
  return tallies.length === 0 ? null : tallies.reduce((sum, { packets }) => sum + packets, 0)
}
