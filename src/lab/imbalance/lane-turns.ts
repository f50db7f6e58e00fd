import { randomBelow, seededRandom } from '../../util/random.ts'
import type { ConnectRequest, ConnectResult } from '../traffic-protocol.ts'
import { clientSources } from './lane-clients.ts'
import type { Lane, Stage } from './side-by-side.ts'

/**
 * Where the rotation of a node stands is chance in a cluster, and always the same in a new lab: so each client pod first opens some connections, 0 to one
 * less than there are pods, as the seed says, and closes them. `addresses` of a client pod are theirs alone, one for each: affinity must not remember
 * anybody who is measured. Throws when one fails.
 */
export const moveTurns = async (
  stage: Stage,
  lanes: readonly Lane[],
  addresses: (source: string) => readonly string[],
): Promise<void> => {
  await Promise.all(
    clientSources(stage).flatMap((source) =>
      lanes.map(async ({ service: { name, clusterIPs } }) => {
        const own = addresses(source.name)
        const used = own.slice(
          0,
          randomBelow(seededRandom(`turn ${stage.seed} ${name} ${source.name}`), own.length + 1),
        )
        const targets = clusterIPs.flatMap((address) =>
          used.map((from) => ({ address, port: 80, protocol: 'TCP' as const, from })),
        )
        const request: ConnectRequest = { targets, counts: targets.map(() => 1), concurrency: 1, timeoutMs: 5000 }
        const { failures, errors } = await source.remote.request<ConnectResult>('connect', request, 30_000)
        if (failures > 0) throw new Error(`${name}, first connections: ${JSON.stringify(errors)}`)
      }),
    ),
  )
}
