import { affinityNat } from './affinity-nat.ts'
import { fewConnections } from './few-connections.ts'
import { grpcHttp2 } from './grpc-http2.ts'
import { heavyClient } from './heavy-client.ts'
import { lcManyNodes } from './lc-many-nodes.ts'
import { longLivedRr } from './long-lived-rr.ts'
import { nodeLag } from './node-lag.ts'
import { nodePortInstance } from './node-port-instance.ts'
import { nodePortLocal } from './node-port-local.ts'
import { pgbouncer } from './pgbouncer.ts'
import { readiness } from './readiness.ts'
import { rollingUpdate } from './rolling-update.ts'
import { scaleUp } from './scale-up.ts'
import { zoneHints } from './zone-hints.ts'
import type { ReadyScenario } from './ready.ts'

/** From the simplest on. A new one costs a file and a row. */
export const readyScenarios: readonly ReadyScenario[] = [
  fewConnections,
  pgbouncer,
  longLivedRr,
  lcManyNodes,
  affinityNat,
  heavyClient,
  grpcHttp2,
  rollingUpdate,
  scaleUp,
  nodePortInstance,
  nodePortLocal,
  zoneHints,
  readiness,
  nodeLag,
]

/** Rows of docs/simulate.md. */
export const readyTable = (): string =>
  [
    '| name | what it shows |',
    '| --- | --- |',
    ...readyScenarios.map(({ name, summary }) => `| \`${name}\` | ${summary} |`),
  ].join('\n')
