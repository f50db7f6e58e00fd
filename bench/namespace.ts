import { execFileSync } from 'node:child_process'

/** A network namespace of our own with loopback up, named `ek-bench-<pid>-<suffix>`; disposing removes it. Needs root. */
export const createNamespace = (suffix: string): Disposable & { readonly name: string } => {
  const name = `ek-bench-${process.pid}-${suffix}`
  const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: 'pipe', timeout: 30_000 })
  ip('netns', 'add', name)
  try {
    ip('-n', name, 'link', 'set', 'lo', 'up')
  } catch (error) {
    ip('netns', 'del', name)
    throw error
  }
  return { name, [Symbol.dispose]: () => ip('netns', 'del', name) }
}
