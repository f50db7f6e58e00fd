import { setTimeout as sleep } from 'node:timers/promises'
import type { LabPod } from '../../cluster.ts'
import type { Lab } from '../../lab.ts'
import type { ConnectRequest, ConnectResult } from '../../traffic-protocol.ts'

/** Readiness probes as a kubelet sends them, to a port of its own in each pod. */

export interface ProbeSettings {
  readonly periodSeconds: number
  readonly timeoutSeconds: number
  readonly successThreshold: number
  readonly failureThreshold: number
  /** answers there, as an HTTP probe would ask for */
  readonly port: number
}

/** Ready or not, and how many results in a row say otherwise. */
export interface Readiness {
  readonly ready: boolean
  readonly against: number
}

/** What one more result makes of it. Pure. */
export const afterProbe = (
  { ready, against }: Readiness,
  success: boolean,
  { successThreshold, failureThreshold }: Pick<ProbeSettings, 'successThreshold' | 'failureThreshold'>,
): Readiness => {
  if (success === ready) return { ready, against: 0 }
  const enough = against + 1 >= (ready ? failureThreshold : successThreshold)
  return enough ? { ready: !ready, against: 0 } : { ready, against: against + 1 }
}

/** One pod's probes, until the signal. */
export interface ProbedPod {
  readonly pod: LabPod
  /** at first */
  readonly ready: boolean
  /** 0 … 1: share of a period before the first probe */
  readonly phase: number
}

/** Tells every change of readiness at the moment when the kubelet sees it. Resolves when the signal aborts. */
export const probe = async (
  lab: Lab,
  { pod, ready, phase }: ProbedPod,
  settings: ProbeSettings,
  { signal, changed }: { readonly signal: AbortSignal; readonly changed: (ready: boolean) => void },
): Promise<void> => {
  const kubelet = lab.sources.find(({ kind, node }) => kind === 'node' && node === pod.node)
  if (kubelet === undefined) throw new Error(`no source of traffic on ${pod.node}`)
  const request: ConnectRequest = {
    targets: [{ address: pod.addresses.IPv4, port: settings.port, protocol: 'TCP' }],
    counts: [1],
    concurrency: 1,
    timeoutMs: settings.timeoutSeconds * 1000,
  }
  let state: Readiness = { ready, against: 0 }
  for (let next = Date.now() / 1000 + phase * settings.periodSeconds; ; next += settings.periodSeconds) {
    await sleep(Math.max(0, (next - Date.now() / 1000) * 1000), undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    const { failures } = await kubelet.remote.request<ConnectResult>('connect', request)
    const after = afterProbe(state, failures === 0, settings)
    if (after.ready !== state.ready && !signal.aborted) changed(after.ready)
    state = after
  }
}
