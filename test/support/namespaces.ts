import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'

/**
 * Network namespaces that tests and benchmarks make are named `<area>-<pid>-<name>`. Whoever makes one removes those of its area
 * whose process has gone: a run that was killed leaves nothing for long.
 */
export const namespaceName = (area: string, name: string): string => `${area}-${process.pid}-${name}`

/** Makes the namespace, with loopback up; disposing removes it. Needs root. */
export const createNamespace = (area: string, name: string): Disposable & { readonly name: string } => {
  removeStale(area)
  const full = namespaceName(area, name)
  ip('netns', 'add', full)
  try {
    ip('-n', full, 'link', 'set', 'lo', 'up')
  } catch (error) {
    removeNamespace(full)
    throw error
  }
  return { name: full, [Symbol.dispose]: () => removeNamespace(full) }
}

/** Nothing happens when there is none. */
const removeNamespace = (name: string): void =>
  void spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore', timeout: 30_000 })

const removeStale = (area: string): void => {
  const names = existsSync(NAMESPACES) ? readdirSync(NAMESPACES) : []
  const ours = new RegExp(`^${area}-(\\d+)-`)
  for (const name of names) {
    const pid = ours.exec(name)?.[1]
    if (pid && !existsSync(`/proc/${pid}`)) removeNamespace(name)
  }
}

/** where iproute2 keeps them */
const NAMESPACES = '/run/netns'

const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: 'pipe', timeout: 30_000 })
