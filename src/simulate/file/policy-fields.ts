import { schedulers } from '../model.ts'
import { type FieldMap, map, number, oneOf, optional, whole, yesOrNo } from './shape.ts'
import { sentence } from './common-fields.ts'
import { randomTime, seconds } from './time.ts'

export const policyFields = {
  name: optional(sentence(100), 'how tables and charts call it', 'how it is spelt on the command line'),
  scheduler: optional(oneOf(schedulers), 'how a connection (l7-*: a request) finds its pod', '`nft-random`'),
  order: optional(
    oneOf(['fixed', 'shuffled']),
    '`ipvs-*`: all nodes add pods in the same order, or each in an order of its own',
    '`fixed`',
  ),
  counts: optional(
    oneOf(['node', 'shared']),
    'who counts turns, connections and requests: each node for itself, or all together',
    '`node`',
  ),
  affinity: optional(seconds({ min: 1 }), 'sessionAffinity ClientIP with this timeout', 'none'),
  maxAge: optional(seconds({ min: 0.001 }), 'connections are ended in good order at this age', 'never'),
  maxAgeJitter: optional(number({ max: 0.99 }), 'each age is drawn within so much of it', '0.1'),
  maxRequests: optional(whole(1, 1e9), 'clients come anew after so many requests', 'never'),
  slowStart: optional(
    seconds(),
    'the weight of a new pod grows from 0.1 to 1 over this time; not with hashes and ipvs',
    '0s',
  ),
  internalTrafficPolicy: optional(
    oneOf(['Cluster', 'Local']),
    'clients in the cluster: pods of their own node only',
    '`Cluster`',
  ),
  trafficDistribution: optional(
    oneOf(['PreferSameZone', 'PreferSameNode']),
    'prefer pods of the zone or node where there are any',
    'none',
  ),
  loadBalancer: optional(
    map('a map of mode, scheduler, externalTrafficPolicy, instances, keepsSource and lag', {
      mode: optional(
        oneOf(['instance', 'ip']),
        'to a NodePort, whose rules pick a pod; or straight to a pod',
        '`instance`',
      ),
      scheduler: optional(oneOf(['rr', 'random', 'least-connections', 'source']), 'how it picks', '`rr`'),
      externalTrafficPolicy: optional(
        oneOf(['Cluster', 'Local']),
        'mode instance: Local has only nodes with ready pods, which pick among their own',
        '`Cluster`',
      ),
      instances: optional(whole(1, 10_000), 'independent processes, each with turns and counts of its own', '1'),
      keepsSource: optional(yesOrNo, 'nodes see the address of the client, not of the balancer', 'false'),
      lag: optional(randomTime, 'until it learns of a change', '0s'),
    }),
    'how clients from `outside` come in',
    'one in instance mode, where there are any',
  ),
} satisfies FieldMap

export const policyShape = map('a map of a policy', policyFields)

export type PolicyDocument = NonNullable<ReturnType<typeof policyShape.read>>
