import { parseArgs } from 'node:util'
import { planeNamed } from '../src/dataplane/registry.ts'
import { benchConnect } from './connect.ts'
import { type PeerName, peerNames, usualPeers } from './peers/proxies.ts'
import { formatConnect, formatSync } from './report.ts'
import { benchSync } from './sync.ts'

const usage = `npm run -s bench -- sync [--services N] [--endpoints M] [--plane P] [--iptables-backend legacy|nft] [--changes N]
                          [--profile DIR] [-o json]
npm run -s bench -- connect [--plane P] [-o json]
npm run -s bench -- peers [--services N] [--endpoints M] [--changes N] [--storm N] [--peers LIST] [--iptables-backend legacy|nft]
                          [--patience SECONDS] [-o json]
npm run -s bench -- soak [--hours H] [--services N] [--endpoints M] [--seed TEXT] [-o json]
npm run -s bench -- simulate [--endpoints M] [--events N] [-o json]
npm run -s bench -- causes [--seeds N] [-o json]

sync      how long a full sync, a change and a restart take, and what they cost in memory (docs/json.md)
connect   what a connection through a frontend costs against a direct one, with 10 and 10,000 Services
peers     the agent and the real kube-proxy, one after the other, against the same real API server (--peers: some of
          ${peerNames.join(',')}; without it all but evenkeel-iptables)
soak      the whole agent through hours of simulated churn (default 24): exit 1 when something grows or the kernel differs
simulate  connection events per second of CPU time under each scheduler, and whether threads change the outcome: exit 1 when they do
causes    how often skew names the causes that are at work, in the data of its own tests (default: each made 5 times)
All but simulate and causes need root; they work in network namespaces of their own.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    services: { type: 'string' },
    endpoints: { type: 'string', default: '10' },
    changes: { type: 'string' },
    storm: { type: 'string', default: '1000' },
    patience: { type: 'string', default: '600' },
    peers: { type: 'string', default: usualPeers.join(',') },
    'iptables-backend': { type: 'string', default: 'nft' },
    hours: { type: 'string', default: '24' },
    events: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '5' },
    plane: { type: 'string', default: 'nftables' },
    profile: { type: 'string' },
    output: { type: 'string', short: 'o', default: 'table' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

const number = (
  name: 'services' | 'endpoints' | 'changes' | 'storm' | 'patience' | 'hours' | 'events' | 'seeds',
  fallback?: number,
): number => {
  const value = Number(values[name] ?? fallback)
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`--${name}: a whole number from 1, not ${values[name]}`)
  return value
}

const peers = (): readonly PeerName[] => {
  const names = values.peers.split(',')
  const chosen = peerNames.filter((name) => names.includes(name))
  if (chosen.length !== names.length)
    throw new RangeError(`--peers: some of ${peerNames.join(',')}, not ${values.peers}`)
  return chosen
}

const iptables = (): 'legacy' | 'nft' => {
  const backend = values['iptables-backend']
  if (backend !== 'legacy' && backend !== 'nft')
    throw new RangeError(`--iptables-backend: legacy or nft, not ${backend}`)
  return backend
}

const progress = (line: string): void => void process.stderr.write(`bench: ${line}\n`)
const print = <T>(report: T, format: (report: T) => string): void =>
  console.log(values.output === 'json' ? JSON.stringify(report) : format(report))

if (values.help || positionals.length !== 1) {
  console.log(usage)
  process.exitCode = values.help ? 0 : 2
} else if (positionals[0] === 'sync') {
  const shape = {
    services: number('services', 10_000),
    endpoints: number('endpoints'),
    changes: number('changes', 1_000),
  }
  const profile = values.profile === undefined ? {} : { profile: values.profile }
  print(
    await benchSync({ ...shape, ...profile, plane: planeNamed(values.plane), iptables: iptables(), progress }),
    formatSync,
  )
} else if (positionals[0] === 'connect') {
  const shape = { counts: [10, 10_000], rounds: 40, perRound: 100 }
  print(await benchConnect({ ...shape, plane: planeNamed(values.plane), progress }), formatConnect)
} else if (positionals[0] === 'peers') {
  const { benchPeers } = await import('./peers/peers.ts')
  const { formatPeers } = await import('./peers/report.ts')
  const shape = {
    services: number('services', 10_000),
    endpoints: number('endpoints'),
    changes: number('changes', 300),
  }
  const limits = { storm: number('storm'), patience: number('patience'), iptables: iptables(), peers: peers() }
  print(await benchPeers({ ...shape, ...limits, progress }), formatPeers)
} else if (positionals[0] === 'soak') {
  const { benchSoak } = await import('./soak/soak.ts')
  const { formatSoak } = await import('./soak/report.ts')
  const shape = { services: number('services', 1_000), endpoints: number('endpoints'), hours: number('hours') }
  const report = await benchSoak({ ...shape, seed: values.seed, progress })
  print(report, formatSoak)
  process.exitCode = report.verdict === 'flat' ? 0 : 1
} else if (positionals[0] === 'simulate') {
  const { benchSimulate, formatSimulate } = await import('./simulate.ts')
  const report = await benchSimulate({ pods: number('endpoints'), events: number('events'), repeats: 5, progress })
  print(report, formatSimulate)
  process.exitCode = report.identical ? 0 : 1
} else if (positionals[0] === 'causes') {
  const { benchCauses, formatCauses } = await import('./causes.ts')
  print(benchCauses(number('seeds'), progress), formatCauses)
} else {
  console.error(usage)
  process.exitCode = 2
}
