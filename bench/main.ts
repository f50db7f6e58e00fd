import { type Flags, readFlags, UsageError } from './flags.ts'
import { peerNames } from './peers/proxies.ts'

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

const progress = (line: string): void => void process.stderr.write(`bench: ${line}\n`)

/** Each prints its report and answers the exit code. Loaded when asked for. */
const benchmarks: Readonly<Record<string, (flags: Flags) => Promise<number>>> = {
  async sync(flags) {
    const shape = {
      services: flags.number('services', 10_000),
      endpoints: flags.number('endpoints'),
      changes: flags.number('changes', 1_000),
      plane: flags.plane(),
      iptables: flags.iptables(),
      ...(flags.profile !== undefined && { profile: flags.profile }),
    }
    const { benchSync } = await import('./sync.ts')
    const { formatSync } = await import('./report.ts')
    return print(flags, await benchSync({ ...shape, progress }), formatSync)
  },
  async connect(flags) {
    const shape = { counts: [10, 10_000], rounds: 40, perRound: 100, plane: flags.plane() }
    const { benchConnect } = await import('./connect.ts')
    const { formatConnect } = await import('./report.ts')
    return print(flags, await benchConnect({ ...shape, progress }), formatConnect)
  },
  async peers(flags) {
    const shape = {
      services: flags.number('services', 10_000),
      endpoints: flags.number('endpoints'),
      changes: flags.number('changes', 300),
      storm: flags.number('storm'),
      patience: flags.number('patience'),
      iptables: flags.iptables(),
      peers: flags.peers(),
    }
    const { benchPeers } = await import('./peers/peers.ts')
    const { formatPeers } = await import('./peers/report.ts')
    return print(flags, await benchPeers({ ...shape, progress }), formatPeers)
  },
  async soak(flags) {
    const shape = {
      services: flags.number('services', 1_000),
      endpoints: flags.number('endpoints'),
      hours: flags.number('hours'),
      seed: flags.seed,
    }
    const { benchSoak } = await import('./soak/soak.ts')
    const { formatSoak } = await import('./soak/report.ts')
    const report = await benchSoak({ ...shape, progress })
    print(flags, report, formatSoak)
    return report.verdict === 'flat' ? 0 : 1
  },
  async simulate(flags) {
    const shape = { pods: flags.number('endpoints'), events: flags.number('events'), repeats: 5 }
    const { benchSimulate, formatSimulate } = await import('./simulate.ts')
    const report = await benchSimulate({ ...shape, progress })
    print(flags, report, formatSimulate)
    return report.identical ? 0 : 1
  },
  async causes(flags) {
    const seeds = flags.number('seeds')
    const { benchCauses, formatCauses } = await import('./causes.ts')
    return print(flags, await benchCauses(seeds, progress), formatCauses)
  },
}

const print = <T>({ json }: Flags, report: T, format: (report: T) => string): 0 => {
  console.log(json ? JSON.stringify(report) : format(report))
  return 0
}

const run = async (args: readonly string[]): Promise<number> => {
  try {
    const flags = readFlags(args)
    if (flags.help) {
      console.log(usage)
      return 0
    }
    const benchmark = Object.hasOwn(benchmarks, flags.benchmark) ? benchmarks[flags.benchmark] : undefined
    if (benchmark === undefined)
      throw new UsageError(`bench: one of ${Object.keys(benchmarks).join(', ')}, not ${flags.benchmark || 'nothing'}`)
    return await benchmark(flags)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`${error.message}\n\n${usage}`)
    return 2
  }
}

process.exitCode = await run(process.argv.slice(2))
