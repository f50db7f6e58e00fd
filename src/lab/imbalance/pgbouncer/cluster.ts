import { exec } from '../../../kernel/exec.ts'
import { Faults } from '../../../sources/faults.ts'
import { shuffle } from '../../../util/random.ts'
import type { LabPod, PodSpec } from '../../cluster.ts'
import { allocate } from '../../controller/allocate.ts'
import { type LabService, readLabService } from '../../controller/service.ts'
import { inNetns } from '../../ip.ts'
import type { Lab } from '../../lab.ts'
import { type Load, writeScript } from './bench.ts'
import type { Bench } from './measure.ts'
import type { PostgresPrograms } from './programs.ts'
import { bouncerPort, startBouncer, startDatabase } from './servers.ts'

/** The scenario's pods and servers: an application on each node → PgBouncer pods behind a Service → one PostgreSQL. */

const namespace = 'default'
const servicePort = 5432

const roles = { app: 'app', bouncer: 'pgbouncer', database: 'postgres' } as const

const podOf = (role: string, index: number, nodes: number): PodSpec => ({
  namespace,
  name: `${role}-${index}`,
  labels: { app: role },
  ports: [],
  node: `node-${index % nodes}`,
})

/** PgBouncer in the nodes in turn, an application in each, the database in the last. */
export const podsOf = (bouncers: number, nodes: number): readonly PodSpec[] => [
  ...Array.from({ length: bouncers }, (_, i) => podOf(roles.bouncer, i, nodes)),
  ...Array.from({ length: nodes }, (_, i) => podOf(roles.app, i, nodes)),
  { ...podOf(roles.database, 0, nodes), node: `node-${nodes - 1}` },
]

export const serviceOf = (): readonly LabService[] => {
  const raw = {
    metadata: { namespace, name: 'pgbouncer' },
    spec: { selector: { app: roles.bouncer }, ports: [{ port: servicePort, targetPort: bouncerPort }] },
  }
  return allocate([readLabService(raw, new Faults())]).services
}

const named = (lab: Lab, role: string): readonly LabPod[] =>
  lab.cluster.pods.filter(({ labels }) => labels['app'] === role)

/** Starts the servers; they end with it. */
export const startBenchServers = async (
  lab: Lab,
  programs: PostgresPrograms,
  signal: AbortSignal,
): Promise<Bench & AsyncDisposable> => {
  await using started = new AsyncDisposableStack()
  await writeScript(lab)
  const [pod] = named(lab, roles.database)
  if (pod === undefined) throw new Error('the lab has no pod for the database')
  started.use(await startDatabase(lab, pod, programs, signal))
  const bouncers = await Promise.all(
    named(lab, roles.bouncer).map(async (one) =>
      started.use(await startBouncer(lab, one, programs, { database: pod, signal })),
    ),
  )
  const running = started.move()
  return { lab, programs, bouncers, signal, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** All together; low enough for two cores that do other things, too. */
const queriesPerSecond = 2400

/** Through the Service, from an application on each node, as equally as it goes. */
export const serviceLoads = ({ lab }: Bench, connections: number): readonly Load[] => {
  const apps = named(lab, roles.app)
  const host = lab.control.services[0]?.clusterIPs[0] ?? ''
  return apps
    .map((from, i) => ({ from, part: Math.floor(connections / apps.length) + (i < connections % apps.length ? 1 : 0) }))
    .filter(({ part }) => part > 0)
    .map(({ from, part }) => ({
      from,
      host,
      port: servicePort,
      connections: part,
      queriesPerSecond: (queriesPerSecond * part) / connections,
    }))
}

/** nobody's, and so never a Service's */
const dealtAddress = '10.77.0.1'

/**
 * Past the Service: so many to each PgBouncer, from the same applications as through it, as equally as it goes. What is measured of a run is the work of
 * few processes that have connections to all pods, and so it is here: each opens its own to one address, which its pod's network deals out in turn.
 */
export const dealtLoads = async (
  { lab, bouncers }: Bench,
  counts: readonly number[],
  seed: string,
): Promise<readonly Load[]> => {
  const apps = named(lab, roles.app)
  const inOrder = bouncers.flatMap(({ pod }, i) => Array.from({ length: counts[i] ?? 0 }, () => pod.addresses.IPv4))
  // pgbench asks on its first connections more often where it is late
  const places = shuffle(inOrder, seed)
  const loads = apps.map((from, app) => ({ from, own: places.filter((_, place) => place % apps.length === app) }))
  return Promise.all(
    loads
      .filter(({ own }) => own.length > 0)
      .map(async ({ from, own }) => {
        await exec('ip', inNetns(from.netns, ['nft', '-f', '-']), { input: dealingRules(own) })
        return {
          from,
          host: dealtAddress,
          port: servicePort,
          connections: own.length,
          queriesPerSecond: (queriesPerSecond * own.length) / places.length,
        }
      }),
  )
}

/** The next connection goes to the next of the addresses; before the first it is as if there had been none. */
const dealingRules = (addresses: readonly string[]): string => `table ip dealing
delete table ip dealing
table ip dealing {
  chain output {
    type nat hook output priority -100
    ip daddr ${dealtAddress} tcp dport ${servicePort} dnat to numgen inc mod ${addresses.length} map { ${addresses.map((address, i) => `${i} : ${address}`).join(', ')} } : ${bouncerPort}
  }
}
`
