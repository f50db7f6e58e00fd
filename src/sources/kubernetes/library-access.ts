import type { Agent, OutgoingHttpHeaders } from 'node:http'
import type { RequestOptions } from 'node:https'
import { ApiError, KubeconfigError } from './errors.ts'
import type { Access } from './kubeconfig.ts'

/**
 * Whether the access needs what only @kubernetes/client-node has: the old auth providers (oidc, gcp, azure) and SOCKS proxies. It
 * takes 80 MiB and a second to load, so nobody else pays for it (docs/decisions).
 */
export const needsLibrary = ({ user, cluster }: Access): boolean =>
  user.authProvider !== '' || /^socks/i.test(cluster.proxyUrl)

export interface LibraryAccess {
  readonly headers: OutgoingHttpHeaders
  readonly agent: Agent | undefined
}

/** `renew`: read the kubeconfig again, for what was given last was refused. */
export const openLibraryAccess = async (access: Access): Promise<(renew: boolean) => Promise<LibraryAccess>> => {
  const { KubeConfig } = await import('@kubernetes/client-node').catch((error: unknown) => {
    throw new KubeconfigError(
      `${access.where}: auth-provider and SOCKS proxies need the package @kubernetes/client-node, which this installation lacks: use a token, a client certificate or an exec plugin`,
      { cause: error },
    )
  })
  const load = (): InstanceType<typeof KubeConfig> => {
    const config = new KubeConfig()
    for (const file of access.files) {
      const one = new KubeConfig()
      one.loadFromFile(file)
      // mergeConfig refuses names that come twice; the first counts
      for (const cluster of one.clusters) if (!config.getCluster(cluster.name)) config.addCluster(cluster)
      for (const user of one.users) if (!config.getUser(user.name)) config.addUser(user)
      for (const context of one.contexts) if (!config.getContextObject(context.name)) config.addContext(context)
    }
    config.setCurrentContext(access.context)
    return config
  }
  let config = load()
  return async (renew) => {
    try {
      if (renew) config = load()
      const options: RequestOptions = { headers: {} }
      await config.applyToHTTPSOptions(options)
      return {
        headers: options.headers as OutgoingHttpHeaders,
        agent: typeof options.agent === 'object' ? options.agent : undefined,
      }
    } catch (error) {
      throw new ApiError(`${access.where}: ${error instanceof Error ? error.message : String(error)}`, {
        reason: 'Credentials',
        cause: error,
      })
    }
  }
}
