import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { ready, run } from './processes.ts'

/** A store of one member on loopback. */
export interface Etcd extends AsyncDisposable {
  readonly url: string
  /** Forgets every revision but the current one: a watch that starts at an older one is told so. Answers the revision. */
  compact(): Promise<number>
}

/** Data and log lie in `directory`, which the caller removes. `program`: a path, or a name to be found on PATH. */
export const startEtcd = async (directory: string, program: string): Promise<Etcd> => {
  const [client, peer] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${client}`
  const peers = `http://127.0.0.1:${peer}`
  const flags = {
    name: 'etcd',
    'data-dir': join(directory, 'etcd'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peers,
    'initial-advertise-peer-urls': peers,
    'initial-cluster': `etcd=${peers}`,
    'log-level': 'warn',
    'snapshot-count': '100000',
    // 10,000 Services × 10 endpoints, rewritten often
    'quota-backend-bytes': String(4 * 1024 ** 3),
  }
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  const running = run(program, args, join(directory, 'etcd.log'))
  const post = async (path: string, body: object): Promise<{ readonly header?: { readonly revision?: string } }> => {
    const response = await fetch(`${url}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as { readonly header?: { readonly revision?: string } }
  }
  try {
    await ready('etcd', running, async () => (await fetch(`${url}/health`)).ok)
  } catch (error) {
    await running[Symbol.asyncDispose]()
    throw error
  }
  return {
    url,
    async compact() {
      // \0, a key that nobody has
      const { header } = await post('range', { key: 'AA==' })
      const revision = header?.revision ?? '0'
      await post('compaction', { revision, physical: true })
      return Number(revision)
    },
    [Symbol.asyncDispose]: () => running.kill('SIGKILL'),
  }
}
