import type { Observation } from '../observation.ts'
import { withKnownPlaces } from './known-places.ts'
import { withNodesOfFlows } from './nodes-of-flows.ts'
import { withSchedulerOfNodes } from './scheduler-of-nodes.ts'

/** With what nobody told and follows from the rest: nodes, schedulers and places. */
export const prepared = (observation: Observation): Observation =>
  withKnownPlaces(withSchedulerOfNodes(withNodesOfFlows(observation)))
