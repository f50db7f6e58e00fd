import type { Snapshot } from '../../model/snapshot.ts'
import type { SourceReport } from '../status/status.ts'
import type { ServiceReasons } from './report.ts'

export interface NotesInput {
  readonly asked: string
  /** `namespace/name` */
  readonly pod: string | null
  readonly services: readonly ServiceReasons[]
  readonly source: SourceReport
  readonly planned: boolean
  readonly snapshot: Snapshot
}

/** What no frontend and no endpoint can tell of itself. */
export const notesOn = ({ asked, pod, services, source, planned, snapshot }: NotesInput): readonly string[] => {
  const notes: string[] = []
  if (!planned) notes.push(`${source.name} was not read since the agent started: the kernel stays as it was found`)
  if (source.stale) notes.push(`${source.name} cannot be reached${sinceText(source)}: what it said last is in force`)
  if (source.problem !== undefined) notes.push(source.problem)
  if (pod !== null && services.every(({ endpoints }) => endpoints.length === 0)) {
    const was = services.map(({ service }) => service).join(', ')
    notes.push(
      was === ''
        ? `no EndpointSlice names ${asked}: no Service selects it, or it has no address yet`
        : `${asked} is no endpoint of ${was} any more: see the changes`,
    )
  }
  for (const { service, notServed, endpoints } of services) {
    const found = snapshot.service(service)
    if (found === undefined) {
      if (snapshot.slicesOf(service).length > 0)
        notes.push(`there are EndpointSlices of ${service}, but no such Service`)
      continue
    }
    if (found.affinitySeconds !== null)
      notes.push(
        `${service} has session affinity: a client keeps its endpoint until it has been quiet for ${found.affinitySeconds} s, so an endpoint that is in may still see nobody new`,
      )
    if (pod === null && notServed === null && endpoints.length === 0)
      notes.push(`no EndpointSlice of ${service} has an endpoint: its selector matches no Pod that runs`)
  }
  return notes
}

const sinceText = ({ since }: SourceReport): string =>
  since === undefined || since === 0 ? '' : ` since ${new Date(since).toISOString().replace(/\.\d+Z/, 'Z')}`
