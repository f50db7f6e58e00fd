import type { Protocol } from '../model/objects.ts'

/** What a stale flow is known by: its original destination and where it goes. */
export interface FlowFilter {
  readonly protocol: Protocol
  /** dialled address; null: any (NodePort) */
  readonly address: string | null
  readonly port: number
  /**
   * the backend it was sent to; null: any flow to the frontend, NATed or not (a Service that goes from none to some endpoints);
   * 'unanswered': to the dialled address itself, as no rule translated it, and nobody has answered
   */
  readonly backend: { readonly address: string; readonly port: number } | null | 'unanswered'
}

export interface Conntrack extends AsyncDisposable {
  /** deletes the flows that match any filter, one pass for all of them; how many went */
  deleteFlows(filters: readonly FlowFilter[], signal?: AbortSignal): Promise<number>
}
