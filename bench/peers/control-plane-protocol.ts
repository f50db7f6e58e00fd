import type { ChangeKind } from '../../src/lab/scale/changes.ts'

/** The API server's side: it makes the cluster and changes it. */
export type ControlPlaneRequest =
  | {
      readonly ask: 'start'
      readonly services: number
      readonly endpoints: number
      readonly address: string
      readonly node: string
    }
  /** one endpoint of one Service */
  | { readonly ask: 'change'; readonly kinds: readonly ChangeKind[] }
  /** one endpoint replaced in each of as many Services, written as fast as the API server takes them */
  | { readonly ask: 'storm'; readonly changes: number }
  | { readonly ask: 'stop' }

/** Times are ms on the machine's monotonic clock. */
export interface Written {
  readonly kind: ChangeKind
  readonly frontend: string
  readonly endpoint: string
  readonly service: string
  /** the request was sent */
  readonly sentAt: number
  /** the API server said that it is stored */
  readonly repliedAt: number
}

export interface Watched extends Written {
  /** a plain watch of this process had the event: the least that any proxy can wait */
  readonly watchedAt: number
}

export interface Started {
  /** path of the administrator's kubeconfig, as reached from the node */
  readonly kubeconfig: string
  readonly objects: number
  readonly seconds: number
}

export type ControlPlaneValue = null | Started | Watched | readonly Written[]
