import type { Source, SourceContext } from '../source.ts'
import type { Store } from '../store.ts'
import type { ApiClient, ClientOptions } from './client.ts'

export interface KubernetesOptions extends SourceContext {
  readonly client: ClientOptions
  /** only this Node's object is read */
  readonly nodeName: string
  /** only the Services of this proxy are read (label service.kubernetes.io/service-proxy-name); '' those without the label */
  readonly proxyName: string
}

export interface KubernetesSource extends Source {
  readonly client: ApiClient
}

export const openKubernetes = async (_store: Store, _options: KubernetesOptions): Promise<KubernetesSource> => {
  throw new Error('not in this version')
}
