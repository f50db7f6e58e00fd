import { addressIn } from './names.ts'

/** Does a Service that sources tell of fit what was asked for? */
export type Wanted = (service: string, frontends: readonly string[]) => boolean

/** Those of a namespace (undefined: of all), or the one that is asked for there. Throws as `wantedService`. */
export const wantedIn = (asked: string | undefined, namespace: string | undefined): Wanted => {
  if (namespace === undefined) return asked === undefined ? () => true : wantedService(asked)
  if (asked === undefined) return (service) => service.startsWith(`${namespace}/`)
  const name = asked.replace(kubectlType, '')
  if (/^[^/:]+\/[^/]+$/.test(name) && !/\/(?:tcp|udp|sctp)$/i.test(name) && !name.startsWith(`${namespace}/`))
    throw new Error(`${asked} is not in the namespace ${namespace}, which is asked for, too`)
  return name.includes('/') || addressIn(name) !== null || /:\d+$/.test(name)
    ? wantedService(asked)
    : wantedService(`${namespace}/${name}`)
}

/** `service/web` is the Service web, as kubectl writes it. */
const kubectlType = /^(?:services?|svc)\//

/**
 * `namespace/name`, `namespace/name:port`, `name`, `service/name`, or what is dialled: `10.96.0.10:53`, `10.96.0.10:53/udp`, `node:30080`. Throws for
 * what is none of these.
 */
export const wantedService = (given: string): Wanted => {
  const asked = /^(?:services?|svc)\/[^/]+\/[^/]+$/.test(given) ? given.replace(kubectlType, '') : given
  const [, target = '', protocol] = /^(.*?)(?:\/(tcp|udp|sctp))?$/i.exec(asked) ?? []
  if (/^node6?:\d+$/.test(target) || (/:\d+$/.test(target) && addressIn(target) !== null)) {
    const port = target.slice(target.lastIndexOf(':'))
    const address = addressIn(target)
    const frontend = address === null ? target : `${address.includes(':') ? `[${address}]` : address}${port}`
    const keys = (protocol === undefined ? ['TCP', 'UDP', 'SCTP'] : [protocol.toUpperCase()]).map(
      (one) => `${frontend}/${one}`,
    )
    return (service, frontends) => keys.includes(service) || frontends.some((one) => keys.includes(one))
  }
  if (!/^(?:[\w.-]+\/)?[\w.-]+(?::[\w.-]+)?$/.test(asked))
    throw new Error(
      `${JSON.stringify(asked)}: must be a Service: namespace/name, name, namespace/name:port or address:port`,
    )
  const [name = '', port] = asked.split(':')
  const bare = name.replace(kubectlType, '')
  return (service) => {
    const [own = '', ownPort = ''] = service.split(':')
    // `svc/web` may be of a namespace svc, too
    const named = own === name || own.split('/')[1] === bare
    return named && (port === undefined || port === ownPort)
  }
}
