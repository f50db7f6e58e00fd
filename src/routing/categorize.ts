import type { NodeView } from '../model/node-view.ts'
import type { Candidate } from './candidates.ts'
import { hintedHere, topologyOf, type Topology } from './topology.ts'

/** What decides, for one ServicePort and family on this node, which endpoints are used under which traffic policy. */
export interface Selection {
  readonly topology: Topology
  /** nothing is ready: endpoints that terminate but still serve are used (KEP-1669) */
  readonly clusterFallsBack: boolean
  /** the same, asked of the endpoints on this node alone */
  readonly localFallsBack: boolean
  /** some endpoint is usable on some node: an empty set then drops (another node may answer) instead of rejecting */
  readonly anywhere: boolean
}

/** Why an endpoint is in a set… */
export type Admission = 'ready' | 'serving-terminating'
/** …or is not. `weight-0` counts as if the endpoint were not there. */
export type Exclusion = 'weight-0' | 'not-ready' | 'terminating' | 'other-zone' | 'other-node' | 'not-local'

export const selectionFor = (candidates: readonly Candidate[], node: NodeView): Selection => {
  let ready = false
  let readyHere = false
  let fallback = false
  for (const candidate of candidates) {
    if (candidate.backend.weight === 0) continue
    ready ||= candidate.endpoint.ready
    readyHere ||= candidate.endpoint.ready && candidate.local
    fallback ||= servesWhileTerminating(candidate)
  }
  return {
    topology: topologyOf(candidates, node),
    clusterFallsBack: !ready,
    localFallsBack: !readyHere,
    anywhere: ready || fallback,
  }
}

const servesWhileTerminating = ({ endpoint }: Candidate): boolean => endpoint.serving && endpoint.terminating

/** Under traffic policy Cluster. */
export const clusterFate = (candidate: Candidate, selection: Selection, node: NodeView): Admission | Exclusion => {
  const { endpoint, backend } = candidate
  if (backend.weight === 0) return 'weight-0'
  if (!endpoint.ready) return fallbackFate(candidate, selection.clusterFallsBack)
  if (hintedHere(candidate, selection.topology, node)) return 'ready'
  return selection.topology === 'same-node' ? 'other-node' : 'other-zone'
}

/** Under traffic policy Local; hints do not count. */
export const localFate = (candidate: Candidate, selection: Selection): Admission | Exclusion => {
  const { endpoint, backend, local } = candidate
  if (!local) return 'not-local'
  if (backend.weight === 0) return 'weight-0'
  return endpoint.ready ? 'ready' : fallbackFate(candidate, selection.localFallsBack)
}

const fallbackFate = (candidate: Candidate, fallsBack: boolean): Admission | Exclusion => {
  if (servesWhileTerminating(candidate)) return fallsBack ? 'serving-terminating' : 'terminating'
  return candidate.endpoint.terminating ? 'terminating' : 'not-ready'
}

export const admitted = (fate: Admission | Exclusion): fate is Admission =>
  fate === 'ready' || fate === 'serving-terminating'
