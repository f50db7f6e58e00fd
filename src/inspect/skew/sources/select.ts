import { addressIn } from './names.ts'

/** Does a Service that sources tell of fit what was asked for? */
export type Wanted = (service: string, frontends: readonly string[]) => boolean

/**
 * `namespace/name`, `namespace/name:port`, `name`, or what is dialled: `10.96.0.10:53`, `10.96.0.10:53/udp`, `node:30080`. Throws for
 * what is none of these.
 */
export const wantedService = (asked: string): Wanted => {
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
  return (service) => {
    const [own = '', ownPort = ''] = service.split(':')
    const named = own === name || own.split('/')[1] === name
    return named && (port === undefined || port === ownPort)
  }
}
