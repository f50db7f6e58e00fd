import type { ChangeTimes, EndpointChange, TrailEntry } from '../../agent/why/trail.ts'
import type {
  EndpointReason,
  EndpointReasons,
  FrontendReasons,
  ServiceReasons,
  WhyReport,
} from '../../agent/why/report.ts'
import { formatTable } from '../text/table.ts'

export interface WhyTableOptions {
  readonly wide: boolean
  readonly headers: boolean
  /** ms since the epoch */
  readonly now: number
}

/** Frontends, endpoints and what changed, Service by Service; then the notes. */
export const whyTables = (report: WhyReport, options: WhyTableOptions): string =>
  [
    ...report.services.flatMap((service) => serviceTables(service, options)),
    report.notes.map((note) => `note: ${note}\n`).join(''),
  ]
    .filter((part) => part !== '')
    .join('\n')

const serviceTables = (service: ServiceReasons, options: WhyTableOptions): readonly string[] => {
  const header = (columns: readonly string[]): readonly string[] | null => (options.headers ? columns : null)
  const notServed = service.notServed === null ? '' : `: not served here: ${service.notServed}`
  const known = `${service.service}${notServed} (known since ${at(service.knownSince)})\n`
  return [
    known,
    formatTable(
      header(['FRONTEND', 'KIND', 'STATE', 'SINCE', 'WHY']),
      service.frontends.map((one) => frontendRow(one)),
    ),
    formatTable(
      header(['ENDPOINT', 'PORT', 'POD', 'NODE', 'TRAFFIC', 'SINCE', 'WHY', ...(options.wide ? ['CLIENTS'] : [])]),
      service.endpoints.map((one) => endpointRow(one, options)),
    ),
    formatTable(header(['PLANNED', 'SAID', 'KERNEL', 'CHANGE']), service.trail.flatMap(trailRows)),
  ]
}

const frontendRow = ({ frontend, kind, state, since, reason, attempts }: FrontendReasons): readonly string[] => {
  const tried = attempts === 0 ? '' : ` (${attempts} ${attempts === 1 ? 'attempt' : 'attempts'})`
  return [frontend, kind, state, since === 0 ? '-' : at(since), `${reason}${tried}` || '-']
}

const endpointRow = (one: EndpointReasons, { wide }: WhyTableOptions): readonly string[] => {
  const { endpoint, servicePort, protocol, pod, node, traffic, reason, since, through } = one
  const when = since === null ? 'before' : at(since.acknowledged || since.planned)
  const row = [endpoint, `${servicePort}/${protocol}`, pod || '-', node || '-', traffic, when, reasons[reason]]
  if (!wide) return row
  const clients = through.map(({ frontend, clients }) => `${frontend} for ${clients.join(',')}`).join('; ')
  return [...row, clients || '-']
}

const reasons: { readonly [R in EndpointReason]: string } = {
  ready: 'ready',
  'serving-terminating': 'terminating, still serves, and nothing is ready',
  'weight-0': 'weight 0',
  'not-ready': 'not ready',
  terminating: 'terminating',
  'other-zone': 'hinted for another zone',
  'other-node': 'hinted for another node',
  'not-local': 'not on this node',
  duplicate: 'counted in another slice',
  'no-port': 'its slice lacks the port',
  'not-served': 'the Service is not served here',
  contested: 'another Service has the frontend',
  refused: 'the plane cannot serve it',
  pending: 'on its way into the kernel',
  failing: 'the kernel refuses the frontend',
  held: 'the brake holds the change',
  kept: 'kept as found: the source was not read yet',
  policy: 'the traffic policy leaves it out for some clients',
}

const LISTED = 8

const trailRows = (entry: TrailEntry): readonly (readonly string[])[] => {
  const times = [at(entry.planned), entry.said === 0 ? '-' : before(entry.said, entry.planned), kernelCell(entry)]
  const changes = entry.endpoints.slice(0, LISTED).map(changeText)
  const more = entry.endpoints.length - changes.length + entry.more
  const texts = [...changes, ...(more > 0 ? [`${more} more endpoints`] : [])]
  if (texts.length === 0) texts.push(`rules of ${entry.frontends.join(', ')}`)
  return texts.map((text, index) => [...(index === 0 ? times : ['', '', '']), text])
}

const changeText = ({ endpoint, port, pod, before, after }: EndpointChange): string =>
  `${endpoint} (${pod || port}): ${before} -> ${after}`

const kernelCell = ({ planned, acknowledged }: ChangeTimes): string => {
  if (acknowledged === null) return 'no change'
  return acknowledged === 0 ? 'not yet' : `+${acknowledged - planned}ms`
}

const before = (said: number, planned: number): string =>
  planned >= said && planned - said < 60_000 ? `-${planned - said}ms` : at(said)

const at = (wall: number): string => new Date(wall).toISOString().replace(/\.\d+Z/, 'Z')
