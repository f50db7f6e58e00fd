import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { bad, head, least, read } from '../../../test/support/scenario-file.ts'

test('policies that are none are not said to be the same', () =>
  expect(read(`${least}compare: [nothing, neither]\n`).problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(/not "nothing"$/),
    expect.stringMatching(/not "neither"$/),
  ]))

describe('what cannot be used is named with place and field', () => {
  const table: readonly (readonly [name: string, text: string, problem: string | RegExp])[] = [
    ['nothing', '', 'web.yaml : is empty: a scenario has at least duration, pods and clients'],
    ['blanks', ' \n\n', 'web.yaml : is empty: a scenario has at least duration, pods and clients'],
    ['no map', '[1, 2]', 'web.yaml : must be a map of a scenario, not a list'],
    ['no YAML', 'a: [', /^web\.yaml:\d+ : is not YAML that can be read/],
    ['two documents', `${least}---\n${least}`, 'web.yaml : has 2 documents: one scenario to a file'],
    ['another kind', least.replace('Scenario', 'Service'), 'web.yaml:2 kind: must be Scenario, not "Service"'],
    ['nothing needed', head, /^web\.yaml:\d+ duration: is required: a duration/],
    [
      'negative pods',
      least.replace('pods: 2', 'pods: -2'),
      'web.yaml:4 pods: must be a whole number 1 … 10,000, not -2',
    ],
    ['no pods', least.replace('pods: 2', 'pods: 0'), 'web.yaml:4 pods: must be a whole number 1 … 10,000, not 0'],
    [
      'half a pod',
      least.replace('pods: 2', 'pods: 2.5'),
      'web.yaml:4 pods: must be a whole number 1 … 10,000, not 2.5',
    ],
    [
      '1e12 pods',
      least.replace('pods: 2', 'pods: 1e12'),
      'web.yaml:4 pods: must be a whole number 1 … 10,000, not 1000000000000',
    ],
    [
      'a word for pods',
      least.replace('pods: 2', 'pods: many'),
      'web.yaml:4 pods: must be a whole number 1 … 10,000, or a map of a group of pods, or a list of groups of pods, not "many"',
    ],
    [
      'a scheduler that is nearly one',
      `${least}compare: [ipvs-lcc]\n`,
      /^web\.yaml:\d+ compare\[0\]\.scheduler: must be one of .*, not "ipvs-lcc" \(ipvs-lc\?\)$/,
    ],
    [
      'a scheduler without its plane',
      `${least}policy: random\n`,
      /^web\.yaml:\d+ policy\.scheduler: must be one of .*, not "random" \(iptables-random, nft-random, l7-random\?\)$/,
    ],
    [
      'not a number',
      least.replace('pods: 2', 'pods: .nan'),
      'web.yaml:4 pods: must be a whole number 1 … 10,000, not NaN',
    ],
    ['no time', least.replace('1m', '0s'), /^web\.yaml:3 duration: must be a duration .*, not "0s"/],
    ['negative time', least.replace('1m', '-1m'), /^web\.yaml:3 duration: must be a duration .*, not "-1m"/],
    [
      '1e12 s',
      least.replace('1m', '1e12'),
      /^web\.yaml:3 duration: must be a duration .*, at most 1000000000 s, not 1000000000000/,
    ],
    [
      'a wrong unit',
      least.replace('1m', '5 minutes'),
      /^web\.yaml:3 duration: must be a duration like 30s, 5m or 1h30m .*, not "5 minutes"/,
    ],
    ['unknown fields', `${least}podz: 3\n`, 'web.yaml:6 podz: is not known here: pods is'],
    [
      'unknown inner fields',
      least.replace('{}', '{conections: 3}'),
      'web.yaml:5 clients.conections: is not known here: connections is',
    ],
    [
      'two ways of traffic',
      least.replace('{}', '{connections: 3, arrivals: 1}'),
      'web.yaml:5 clients: must have only one of connections, http2, arrivals, not connections and arrivals',
    ],
    [
      'a policy nobody knows',
      `${least}policy: rr\n`,
      /^web\.yaml:6 policy\.scheduler: must be one of iptables-random, .*, not "rr"/,
    ],
    [
      'a bad policy to compare',
      `${least}compare:\n  - nft-rr\n  - ipvs-lc+maxage=5m\n`,
      'web.yaml:8 compare[1].maxage: is not known here: maxAge is',
    ],
    [
      'the same policy twice',
      `${least}compare: [nft-rr, nft-rr]\n`,
      'web.yaml:6 compare[1]: is a second policy nft-rr',
    ],
    [
      'a name for two',
      least.replace('pods: 2', 'pods: [{name: a, count: 1}, {name: a, count: 2}]'),
      'web.yaml:4 pods[1].name: "a-0" is the name of other pods too',
    ],
    [
      'a node that is none',
      least.replace('{}', '{from: [node-0, node-1]}'),
      'web.yaml:5 clients.from[1]: "node-1" is none of the nodes: node-0, node',
    ],
    [
      'an event of two',
      `${least}events: [{at: 1s, restart: {pods: [pod-0]}, scale: {replicas: 1}}]\n`,
      'web.yaml:6 events[0]: must have at and exactly one of rollingUpdate, scale, restart, fail, stall, drain, reconnect, not scale and restart',
    ],
    [
      'an event of none',
      `${least}events: [{at: 1s}]\n`,
      'web.yaml:6 events[0]: must have at and exactly one of rollingUpdate, scale, restart, fail, stall, drain, reconnect',
    ],
    [
      'an event too late',
      `${least}events: [{at: 2m, scale: {replicas: 3}}]\n`,
      'web.yaml:6 events[0].at: is after the end, at 60 s: it would never happen',
    ],
    [
      'an event too early',
      `${least}events: [{at: -1s, scale: {replicas: 3}}]\n`,
      'web.yaml:6 events[0].at: is before the beginning, at 0 s: make warmUp longer',
    ],
    [
      'an update that cannot go',
      `${least}events: [{at: 1s, rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}]\n`,
      'web.yaml:6 events[0].rollingUpdate: has maxSurge and maxUnavailable of 0: nothing could be replaced',
    ],
    [
      'a drain of the only node',
      `${least}events: [{at: 1s, drain: {node: node-0}}]\n`,
      'web.yaml:6 events: drains the only node: its pods would have nowhere to go',
    ],
    [
      'a lame duck beyond its end',
      least.replace('pods: 2', 'pods: {count: 2, lameDuck: 1m, grace: 30s}'),
      'web.yaml:4 pods.lameDuck: is longer than grace, 30 s: the pod would be gone before',
    ],
    [
      'an upside-down range',
      least.replace('{}', '{life: {uniform: {low: 2s, high: 1s}}}'),
      'web.yaml:5 clients.life.uniform: has a low above its high',
    ],
    [
      'two kinds of a time',
      least.replace('{}', '{life: {fixed: 2s, exponential: 1s}}'),
      /^web\.yaml:5 clients\.life: must have exactly one of .*, not fixed and exponential/,
    ],
    [
      'too many nodes together',
      `${least}nodes: [{name: a, count: 4000}, {name: b, count: 4000}]\n`,
      'web.yaml:6 nodes: are 8,000 together, at most 5,000',
    ],
    [
      'too many pods together',
      least.replace('pods: 2', 'pods: [{name: a, count: 10000}, {name: b, count: 1}]'),
      'web.yaml:4 pods: are 10,001 together, at most 10,000',
    ],
    [
      'words that would move a cursor',
      `${least}policy: {name: "a\\eb"}\n`,
      /policy\.name: must be a text of 1 … 100 characters without control characters/,
    ],
    [
      'a memoryless time of 0',
      least.replace('{}', '{life: {exponential: 0s}}'),
      'web.yaml:5 clients.life.exponential: must be more than 0s',
    ],
    [
      'connections that end at once',
      least.replace('{}', '{life: 0s}'),
      /^web\.yaml:5 clients\.life: must be more than 0s: connections would end/,
    ],
    [
      'requests of arrivals by the second',
      least.replace('{}', '{arrivals: 1, requests: {perSecond: 1}}'),
      /^web\.yaml:5 clients\.requests\.perSecond: does not go with arrivals/,
    ],
    [
      'a turn that cannot be shared',
      `${least}compare: [ipvs-rr+counts=shared]\n`,
      'web.yaml:6 compare[0].counts: cannot be shared: ipvs-rr keeps its turn in the kernel of each node',
    ],
    [
      'reconnects in no time',
      least.replace('{}', '{reconnect: 0s}'),
      /^web\.yaml:5 clients\.reconnect: must be 1ms or more on average/,
    ],
    [
      'clients that end before they come',
      least.replace('{}', '{startsAt: 30s, stopsAt: 20s}'),
      'web.yaml:5 clients.stopsAt: is not after startsAt',
    ],
    ['samples longer than the time', `${least}sample: 2m\n`, 'web.yaml:6 sample: is longer than the duration of 60 s'],
    [
      'nothing to measure',
      `${least}measure: bytes\n`.replace('{}', '{requests: {perSecond: 0}}'),
      'web.yaml:6 measure: bytes: no client sends a request',
    ],
    [
      'zones without zones',
      `${least}policy: {trafficDistribution: PreferSameZone}\n`,
      'web.yaml:6 policy.trafficDistribution: PreferSameZone: no node has a zone (nodes[].zone)',
    ],
    [
      'a balancer for nobody',
      `${least}policy: {loadBalancer: {mode: ip}}\n`,
      'web.yaml:6 policy.loadBalancer: has no effect: no clients come from outside (clients[].from)',
    ],
    [
      'an order of nothing',
      `${least}policy: nft-rr+order=shuffled\n`,
      'web.yaml:6 policy.order: has no effect with nft-rr: it is for ipvs-*',
    ],
    [
      'an address that is none',
      least.replace('{}', '{address: 10.0.0.256}'),
      'web.yaml:5 clients.address: must be an IPv4 address, not "10.0.0.256"',
    ],
    ['a hostile name', `${least}name: "../../etc"\n`, /^web\.yaml:6 name: must be a name of a-z/],
  ]
  test.each(table)('%s', (_, text, problem) => {
    const found = bad(text)
    if (typeof problem === 'string') expect(found).toContain(problem)
    else expect(found).toContainEqual(expect.stringMatching(problem))
  })

  test('all mistakes at once', () => {
    expect(bad(`${head}duration: -1\npods: 0\nclients: {count: 0, x: 1}\n`)).toHaveLength(4)
  })

  test('of JSON, with its lines', () => {
    const text =
      '{"apiVersion": "evenkeel.io/v1alpha1",\n"kind": "Scenario",\n"duration": 60,\n"pods": 2,\n"clients":\n{"count": -1}}'
    expect(bad(text)).toEqual(['web.yaml:6 clients.count: must be a whole number 1 … 1,000,000, not -1'])
  })

  test('whatever is in a file, there is a scenario or a problem', () => {
    const anything = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.integer(),
        fc.double(),
        fc.string(),
        fc.boolean(),
        fc.constant(null),
        fc.constantFrom('forever', '5m', 'outside', 'pod-0'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom(
            'count',
            'name',
            'life',
            'exponential',
            'fixed',
            'at',
            'scale',
            'replicas',
            'nodes',
            '__proto__',
            'constructor',
          ),
          tie('value'),
          { maxKeys: 3 },
        ),
      ),
    })).value
    const fields = ['name', 'warmUp', 'sample', 'nodes', 'pods', 'clients', 'events', 'policy', 'compare', 'measure']
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...fields), anything), (given) => {
        const document = { ...parse(least), ...given }
        const { read: scenario, problems } = read(JSON.stringify(document))
        expect(scenario === null).toBe(problems.length > 0)
        for (const { where, message } of problems) expect(where !== '' && message !== '').toBe(true)
        expect(problems.filter(({ field }) => field.startsWith('['))).toEqual([])
      }),
    )
  })
})
