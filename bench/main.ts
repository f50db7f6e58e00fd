import { parseArgs } from 'node:util'
import { planeNamed } from '../src/dataplane/registry.ts'
import { benchConnect } from './connect.ts'
import { formatConnect, formatSync } from './report.ts'
import { benchSync } from './sync.ts'

const usage = `npm run -s bench -- sync [--services N] [--endpoints M] [--plane P] [--changes N] [--profile DIR] [-o json]
npm run -s bench -- connect [--plane P] [-o json]

sync      how long a full sync, a change and a restart take, and what they cost in memory (docs/json.md)
connect   what a connection through a frontend costs against a direct one, with 10 and 10,000 Services
Both need root; they work in network namespaces of their own.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    services: { type: 'string', default: '10000' },
    endpoints: { type: 'string', default: '10' },
    changes: { type: 'string', default: '1000' },
    plane: { type: 'string', default: 'nftables' },
    profile: { type: 'string' },
    output: { type: 'string', short: 'o', default: 'table' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

const number = (name: 'services' | 'endpoints' | 'changes'): number => {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`--${name}: a whole number from 1, not ${values[name]}`)
  return value
}

const progress = (line: string): void => void process.stderr.write(`bench: ${line}\n`)
const print = <T>(report: T, format: (report: T) => string): void =>
  console.log(values.output === 'json' ? JSON.stringify(report) : format(report))

if (values.help || positionals.length !== 1) {
  console.log(usage)
  process.exitCode = values.help ? 0 : 2
} else if (positionals[0] === 'sync') {
  const shape = { services: number('services'), endpoints: number('endpoints'), changes: number('changes') }
  const profile = values.profile === undefined ? {} : { profile: values.profile }
  print(await benchSync({ ...shape, ...profile, plane: planeNamed(values.plane), progress }), formatSync)
} else if (positionals[0] === 'connect') {
  const shape = { counts: [10, 10_000], rounds: 40, perRound: 100 }
  print(await benchConnect({ ...shape, plane: planeNamed(values.plane), progress }), formatConnect)
} else {
  console.error(usage)
  process.exitCode = 2
}
