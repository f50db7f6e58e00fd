import type { Expectation } from './case.ts'
import { masqueraded, reaches, rejected } from './objects.ts'
import { row, type Row } from './row.ts'
import { NODE_PORT } from './topology.ts'

const weighing = (expect: Expectation, ...weights: readonly number[]): Expectation => ({ ...expect, weights })

const asks = (scheduler: string): { annotations: Record<string, string> } => ({
  annotations: { 'evenkeel.io/scheduler': scheduler },
})

const weights = (entries: Readonly<Record<string, number>>) => ({ 'evenkeel.io/weights': JSON.stringify(entries) })

/** Schedulers, weights and session affinity: whom they may choose, and how often. */
export const schedulingRows: readonly Row[] = [
  ...(['rr', 'random'] as const).map((scheduler) =>
    row(`${scheduler} gives every backend an equal share`, (c) => ({
      needs: [scheduler],
      objects: [c.service({}, asks(scheduler)), c.slice([c.near, c.near2, c.far])],
      packets: [
        c.dial(c.pod, c.clusterIP, weighing(reaches([c.near, c.near2, c.far]), 1, 1, 1)),
        c.dial(c.outside, c.clusterIP, weighing(masqueraded([c.near, c.near2, c.far]), 1, 1, 1)),
      ],
    })),
  ),
  ...(['rr', 'random'] as const).map((scheduler) =>
    row(`${scheduler} follows weights, by pod name and by address`, (c) => ({
      needs: [scheduler, 'weights'],
      objects: [
        c.service(
          {},
          { annotations: { ...asks(scheduler).annotations, ...weights({ 'web-near': 5, [c.far.addresses[0]]: 2 }) } },
        ),
        c.slice([c.near, c.near2, c.far]),
      ],
      packets: [c.dial(c.pod, c.clusterIP, weighing(reaches([c.near, c.near2, c.far]), 5, 1, 2))],
    })),
  ),
  ...(['sh', 'maglev'] as const).map((scheduler) =>
    row(`${scheduler} keeps to the endpoints that are in`, (c) => ({
      needs: [scheduler],
      objects: [c.service({}, asks(scheduler)), c.slice([c.near, c.near2, c.far])],
      packets: [
        c.dial(c.pod, c.clusterIP, reaches([c.near, c.near2, c.far])),
        c.dial(c.outside, c.clusterIP, masqueraded([c.near, c.near2, c.far])),
      ],
    })),
  ),
  row('a slice’s weights win over its Service’s', (c) => ({
    needs: ['weights'],
    objects: [
      c.service({}, { annotations: weights({ 'web-near': 5, 'web-far': 3 }) }),
      c.slice([c.near, c.far], { annotations: weights({ 'web-near': 2 }) }),
    ],
    packets: [c.dial(c.pod, c.clusterIP, weighing(reaches([c.near, c.far]), 2, 3))],
  })),
  row('weight 0 gets no new connections', (c) => ({
    objects: [c.everywhere(), c.slice([c.near, c.far], { annotations: weights({ 'web-near': 0 }) })],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.far])), c.dial(c.outside, c.node, masqueraded([c.far]), NODE_PORT)],
  })),
  row('every weight 0: refused', (c) => ({
    objects: [c.service(), c.slice([c.near], { annotations: weights({ 'web-near': 0 }) })],
    packets: [c.dial(c.pod, c.clusterIP, rejected)],
  })),
  row('an unknown scheduler is reported and the default is used', (c) => ({
    problems: ['Service shop/web'],
    objects: [c.service({}, asks('fastest')), c.slice([c.near, c.far])],
    packets: [c.dial(c.pod, c.clusterIP, reaches([c.near, c.far]))],
  })),
  row('session affinity: a new client may get any backend', (c) => ({
    needs: ['affinity'],
    objects: [
      c.service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }),
      c.slice([c.near, c.far]),
    ],
    packets: [
      c.dial(c.pod, c.clusterIP, reaches([c.near, c.far])),
      c.dial(c.node, c.clusterIP, masqueraded([c.near, c.far])),
      c.dial(c.outside, c.clusterIP, masqueraded([c.near, c.far])),
    ],
  })),
  row('session affinity on every way in, under policy Local', (c) => ({
    needs: ['affinity'],
    objects: [
      c.everywhere({ sessionAffinity: 'ClientIP', externalTrafficPolicy: 'Local', healthCheckNodePort: 32000 }),
      c.slice([c.near, c.far]),
    ],
    packets: [
      c.dial(c.outside, c.balancer, reaches([c.near])),
      c.dial(c.outside, c.node, reaches([c.near]), NODE_PORT),
      c.dial(c.pod, c.balancer, reaches([c.near, c.far])),
      c.dial(c.node, c.externalIP, masqueraded([c.near, c.far])),
    ],
  })),
  row('session affinity without endpoints: refused', (c) => ({
    needs: ['affinity'],
    objects: [c.service({ sessionAffinity: 'ClientIP' })],
    packets: [c.dial(c.pod, c.clusterIP, rejected)],
  })),
]
