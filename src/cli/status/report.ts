import type { AgentStatus, PlaneReport, SourceReport } from '../../agent/status/status.ts'
import { shadowText } from './shadow-text.ts'
import { formatProblem } from '../text/problems.ts'
import { formatTable } from '../text/table.ts'

/** The same answer for the same state. */
export const withoutTimes = (status: AgentStatus): AgentStatus => ({
  ...status,
  planes: status.planes.map(({ times: _times, ...plane }) => plane),
})

export interface StatusTableOptions {
  readonly wide: boolean
  readonly headers: boolean
  /** ms since the epoch */
  readonly now: number
}

export const statusTables = (status: AgentStatus, { wide, headers, now }: StatusTableOptions): string => {
  const header = ['PLANE', 'FRONTENDS', 'IN SYNC', 'MISSING', 'EXTRA', 'LAST CHANGE', 'AGE']
  const rows = status.planes.map((plane) => planeRow(plane, now))
  const sections = [
    ...(status.shadow === undefined
      ? [formatTable(headers ? header : null, rows)]
      : [shadowText(status.shadow, { now })]),
    ...status.planes.map(troubles),
    status.problems.map((problem) => `problem: ${formatProblem(problem)}\n`).join(''),
    ...(wide ? status.planes.map((plane) => counterTable(plane, headers)) : []),
    status.planes.map((plane) => keptText(plane)).join(''),
    brakeText(status),
    sourceTroubles(status.source, now),
    status.agent ? '' : 'no agent runs here: nobody keeps this in sync\n',
  ]
  return sections.filter((section) => section !== '').join('\n')
}

/** Until the source is read once, or while the brake holds what was found at the start. */
const keptText = ({ plane, kept, times }: PlaneReport): string => {
  if (kept === undefined) return ''
  const since = times?.kept === undefined ? '' : ` since ${moment(times.kept)}`
  return `${plane}: ${kept} frontends stay as they were found in the kernel${since}\n`
}

const HELD_LISTED = 10

const brakeText = ({ brake }: AgentStatus): string => {
  if (!brake?.engaged) return ''
  const { held, since, serving, maxEmptiedPercent } = brake
  const listed = held.slice(0, HELD_LISTED).map(({ frontend, service, planned }) => {
    const wanted = planned === 'gone' ? 'gone' : 'without endpoints'
    return `  ${frontend}${service === '' ? '' : ` (${service})`}: would be ${wanted}\n`
  })
  const more = held.length > listed.length ? [`  and ${held.length - listed.length} more\n`] : []
  const head = `the brake holds ${held.length} of ${serving} frontends since ${moment(since)}: more than ${maxEmptiedPercent} % would lose all endpoints\n`
  return [
    head,
    ...listed,
    ...more,
    'confirm with `evenkeel brake release`; it ends by itself when they come back\n',
  ].join('')
}

const moment = (wall: number): string => new Date(wall).toISOString().replace(/\.\d+Z/, 'Z')

/** Nothing while all is well. */
const sourceTroubles = ({ name, synced, stale, since = 0, problem }: SourceReport, now: number): string => {
  const states = [
    ...(synced ? [] : ['is not read yet']),
    ...(stale ? [`is out of reach${since === 0 ? '' : ` since ${age(now - since)}`}; what is in force stays`] : []),
  ]
  const lines = [...states.map((state) => `${name} ${state}`), ...(problem === undefined ? [] : [`source: ${problem}`])]
  return lines.map((line) => `${line}\n`).join('')
}

const planeRow = ({ plane, frontends, inSync, missing, extra, times }: PlaneReport, now: number): string[] => {
  const changed = times === undefined || times.lastChange === 0 ? null : times.lastChange
  return [
    plane,
    String(frontends),
    String(inSync),
    String(missing.length),
    String(extra),
    changed === null ? '-' : new Date(changed).toISOString().replace(/\.\d+Z/, 'Z'),
    changed === null ? '-' : age(now - changed),
  ]
}

/** What is not as it should be, a line each. */
const troubles = ({ plane, missing, refused, unreadable }: PlaneReport): string =>
  [
    ...(unreadable === '' ? [] : [`${plane}: the kernel cannot be read: ${unreadable}`]),
    ...missing.map(({ frontend, state, reason, attempts }) => {
      const tried = attempts === 0 ? '' : ` (${attempts} ${attempts === 1 ? 'attempt' : 'attempts'})`
      return `${plane}: ${frontend} ${state}${tried}${reason === '' ? '' : `: ${reason}`}`
    }),
    ...refused.map(({ frontend, reasons }) => `${plane}: ${frontend} refused: ${reasons.join('; ')}`),
  ]
    .map((line) => `${line}\n`)
    .join('')

const counterTable = ({ counters }: PlaneReport, headers: boolean): string => {
  if (counters === undefined) return ''
  const rows = counters.backends.map(({ frontend, address, port, connections }) => [
    frontend,
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
    String(connections),
  ])
  const table = formatTable(headers ? ['FRONTEND', 'BACKEND', 'CONNECTIONS'] : null, rows)
  return `${table}${table === '' ? '' : '\n'}fallbacks ${counters.fallbacks}, missed ${counters.missed}\n`
}

/** `42s`, `3m`, `5h`, `2d` */
const age = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}
