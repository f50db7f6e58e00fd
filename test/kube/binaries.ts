import { accessSync, constants, readFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The real programs, as `scripts/kube-binaries.sh` leaves them (git-ignored). Absolute paths; none need exist. */
export const binaries = {
  kubeApiserver: built('kube-apiserver'),
  kubeControllerManager: built('kube-controller-manager'),
  kubeProxy: built('kube-proxy'),
  kubectl: built('kubectl'),
  helm: built('helm'),
  etcd: built('etcd'),
} as const

/** What keeps a cluster from being started here, for a skip's reason; undefined: nothing does. */
export const whyNoCluster = (): string | undefined => {
  if (spawnSync('openssl', ['version'], { stdio: 'ignore' }).error) return 'openssl is missing'
  if (Object.values(binaries).every(isExecutable)) return undefined
  return whyNotBuilt() ?? 'kube-apiserver is not built; scripts/kube-binaries.sh does it'
}

/** The reason that the script wrote when it could not build. */
const whyNotBuilt = (): string | undefined => {
  try {
    return readFileSync(new URL('why-not', cache()), 'utf8').trim()
  } catch {
    return undefined
  }
}

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function cache(): URL {
  return new URL('../../.cache/kube/', import.meta.url)
}

function built(name: string): string {
  return fileURLToPath(new URL(`bin/${name}`, cache()))
}
