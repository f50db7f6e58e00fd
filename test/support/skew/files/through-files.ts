import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadObserved, type SourceFlags } from '../../../../src/cli/skew/load.ts'
import type { Flow, Observation } from '../../../../src/inspect/skew/observation.ts'
import type { Observed } from '../../../../src/inspect/skew/sources/observed.ts'
import { addressOf, epoch, knowsPods, port, printObjects } from './objects.ts'
import { ipvsSchedulers, printRules } from './rules.ts'
import { printConntrack, printCounts, printLines, printLog, printTop } from './tables.ts'

interface Printed {
  readonly objects: string | null
  /** '' of no node */
  readonly files: readonly { readonly node: string; readonly text: string }[]
}

const isOpen = ({ closedAt }: Flow): boolean => closedAt === null || closedAt === undefined

/** What somebody who knows this much has in files: listings of nodes where they have any, else tables. */
export const printed = (seen: Observation): Printed => {
  const given = withDirector(seen)
  const objects = printObjects(given)
  const ruledOrListed = given.nodes?.some(({ odds }) => odds !== null) === true || given.facts.counted === 'open'
  const observation = !knowsPods(given) && ruledOrListed ? byAddress(given) : given
  const { backends, nodes = [], flows = [], unit, facts } = observation
  const ruled = nodes.filter(({ odds }) => odds !== null)
  const open = facts.counted === 'open'
  const rules = ruled.flatMap((node) => printRules(node, observation).map((text) => ({ node: node.node, text })))
  const placed = flows.length > 0 && flows.every(({ node }) => node !== undefined)
  // a listing has what is open at one moment, and a log what came
  const listed = unit === 'connections' && open && placed && flows.some(isOpen)
  const kinds = flows.some(({ http2, bypassed }) => http2 === true || bypassed === true)
  const connections = listed
    ? [...Map.groupBy(flows.filter(isOpen), ({ node }) => node ?? '')].map(([node, own]) => ({
        node,
        text: printConntrack(own, observation),
      }))
    : flows.length > 0
      ? [{ node: '', text: kinds ? printLines(flows) : printLog(flows, observation) }]
      : []
  const sent = backends.every(({ count }, i) => count === nodes.reduce((sum, { counts }) => sum + (counts[i] ?? 0), 0))
  const counted = unit === 'connections' && (listed || (rules.length > 0 && ruled.length === nodes.length && sent))
  return {
    objects,
    files: [...rules, ...connections, ...(counted ? [] : countsOf(observation).map((text) => ({ node: '', text })))],
  }
}

/** One host deals with IPVS, which lists what is open and counts what was opened: it is a node without a name. */
const withDirector = (observation: Observation): Observation => {
  const { backends, nodes, facts, unit } = observation
  const dealt =
    unit === 'connections' && facts.counted === 'open' && backends.every(({ opened }) => opened !== undefined)
  if (nodes !== undefined || !dealt || !ipvsSchedulers.has(facts.scheduler ?? '')) return observation
  const counts = backends.map(({ count }) => count)
  const odds = backends.map(({ ready, terminating, weight = 1 }) =>
    ready === false || terminating === true ? 0 : weight,
  )
  return { ...observation, nodes: [{ node: '', counts, odds }] }
}

/** Listings of nodes know no names: tables beside them then have addresses. */
const byAddress = (observation: Observation): Observation => {
  const names = new Map(observation.backends.map(({ name }, i) => [name, `${addressOf(i)}:${port}`]))
  const nameOf = (name: string): string => names.get(name) ?? name
  const { flows } = observation
  return {
    ...observation,
    backends: observation.backends.map((backend) => ({ ...backend, name: nameOf(backend.name) })),
    ...(flows === undefined ? {} : { flows: flows.map((flow) => ({ ...flow, backend: nameOf(flow.backend) })) }),
  }
}

const countsOf = (observation: Observation): readonly string[] => {
  const { unit, backends } = observation
  if (unit !== 'cpu') return [printCounts(observation)]
  const behind = backends.map(({ connections }) => connections)
  const numbers = backends.map(({ connections = 0, ...backend }) => ({ ...backend, count: connections }))
  const connections: Observation = { service: null, unit: 'connections', backends: numbers, facts: {} }
  return [printTop(observation), ...(behind.includes(undefined) ? [] : [printCounts(connections)])]
}

/** Prints what is observed as files of real tools and reads it back as the command does. Throws what the command would say. */
export const throughFiles = async (observation: Observation): Promise<readonly Observed[]> => {
  const directory = mkdtempSync(join(tmpdir(), 'evenkeel-files-'))
  try {
    const { objects, files } = printed(observation)
    const write = (name: string, text: string): string => {
      const path = join(directory, name)
      writeFileSync(path, text)
      return path
    }
    const at = observation.facts.at
    const from: string[] = []
    const nodeFile: string[] = []
    for (const [i, { node, text }] of files.entries()) {
      mkdirSync(join(directory, node), { recursive: true })
      const path = write(join(node, `${i}.txt`), text)
      if (node === '') from.push(path)
      else nodeFile.push(`${node}=${path}`)
    }
    const flags: SourceFlags = {
      ...(from.length === 0 ? {} : { from }),
      ...(nodeFile.length === 0 ? {} : { nodeFile }),
      ...(objects === null ? {} : { filename: [write('objects.json', objects)] }),
      ...(at === undefined ? {} : { at: epoch + at }),
      ...(observation.unit === 'connections' ? {} : { weight: observation.unit }),
    }
    return await loadObserved(undefined, flags)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
