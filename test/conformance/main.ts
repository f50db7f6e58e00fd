import { release } from 'node:os'
import { parseArgs } from 'node:util'
import { loadPlane, planeNamed } from '../../src/dataplane/registry.ts'
import { describeFailure, runAll } from './run-all.ts'
import { groupsFor } from './table.ts'

/** `node test/conformance/main.ts`: the conformance table with real packets, without vitest (for an emulated machine). Needs root. */
const { values } = parseArgs({
  options: {
    plane: { type: 'string', default: 'nftables' },
    patience: { type: 'string', default: '1' },
    worlds: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    'iptables-backend': { type: 'string' },
  },
})

const started = performance.now()
const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const plane = planeNamed(values.plane)
const iptables = (['legacy', 'nft'] as const).find((name) => name === values['iptables-backend'])
const { groups, skipped } = groupsFor((await loadPlane(plane)).capabilities)
const chosen = groups.filter(({ name }) => name.includes(values.only))
let done = 0
const results = await runAll(chosen, {
  plane,
  ...(iptables && { iptables }),
  patience: Number(values.patience),
  worlds: Number(values.worlds),
  onGroup(name, rows) {
    const failed = rows.filter(({ problem }) => problem !== '').length
    say(`${seconds().padStart(6)} s  ${++done}/${chosen.length}  ${failed === 0 ? 'ok    ' : 'FAILED'}  ${name}`)
  },
})

const failures = results.filter(({ problem }) => problem !== '')
for (const failure of failures) say(describeFailure(failure))
for (const { name, reason } of skipped) say(`skipped ${name}: ${reason}`)
const slowest = Math.max(0, ...results.map(({ refusedMs }) => refusedMs))
say(`Linux ${release()}, ${plane}: slowest refusal ${slowest.toFixed(0)} ms, ${seconds()} s in all`)
say(`conformance: ${results.length - failures.length} passed, ${failures.length} failed`)
process.exitCode = failures.length > 0 || results.length === 0 ? 1 : 0
