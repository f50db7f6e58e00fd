import type { Snapshot } from '../../model/snapshot.ts'
import type { Source } from '../../sources/source.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { clientOf } from '../source.ts'
import { type FactSources, factsOf } from './facts.ts'
import { EventRecorder } from './recorder.ts'

export interface SendEventsOptions {
  readonly source: Source
  readonly snapshot: Snapshot
  readonly facts: FactSources
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
}

/** Sends Events from now on; null where the source has no API server to send them to. */
export const sendEvents = ({ source, snapshot, facts, ...rest }: SendEventsOptions): EventRecorder | null => {
  const client = clientOf(source)
  if (client === null) return null
  return new EventRecorder({
    ...rest,
    client,
    node: facts.node,
    facts: () => factsOf(facts, rest.clock.wall()),
    nodesOf: (service) =>
      new Set(snapshot.slicesOf(service).flatMap(({ endpoints }) => endpoints.map(({ nodeName }) => nodeName))),
    isAway: () => source.status().stale,
  })
}
