import { execFileSync } from 'node:child_process'
import { createNamespace } from '../../test/support/namespaces.ts'
import { POD_CIDR } from '../../src/lab/scale/objects.ts'
import { SERVICE_CIDR } from './objects.ts'

export const API_ADDRESS = '172.31.255.1'
export const NODE_ADDRESS = '172.31.255.2'

/** The API server's namespace. */
export const apiNamespace = (): Disposable & { readonly name: string } => createNamespace('ek-peers', 'api')

/**
 * A proxy's namespace: a cable to the API server, and on loopback every pod and every Service: addresses of pods answer (one listener
 * has them all), those of Services are refused, until a proxy's rules lead them to a pod. The namespace before it must be gone.
 */
export const nodeNamespace = (name: string, api: string): Disposable & { readonly name: string } => {
  const namespace = createNamespace('ek-peers', name)
  try {
    const ip = (line: string): void => void execFileSync('ip', line.split(' '), { stdio: 'pipe', timeout: 30_000 })
    ip(`-n ${namespace.name} link add eth0 type veth peer name node netns ${api}`)
    ip(`-n ${namespace.name} address add ${NODE_ADDRESS}/30 dev eth0`)
    ip(`-n ${api} address add ${API_ADDRESS}/30 dev node`)
    ip(`-n ${api} link set node up`)
    ip(`-n ${namespace.name} link set eth0 up`)
    for (const range of [POD_CIDR, SERVICE_CIDR]) ip(`-n ${namespace.name} route add local ${range} dev lo`)
    return namespace
  } catch (error) {
    namespace[Symbol.dispose]()
    throw error
  }
}
