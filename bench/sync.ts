import type { PlaneName } from '../src/dataplane/plane.ts'
import type { RawObject } from '../src/dataplane/conformance/case.ts'
import type { IptablesBackEnd } from '../src/kernel/iptables/types.ts'
import { createNamespace } from '../test/support/namespaces.ts'
import type { Measured } from '../src/lab/scale/measured-agent.ts'
import { bareChanges } from './bare-change.ts'
import { type BenchAgent, startAgent, warmUp } from './bench-agent.ts'
import { ChangeGenerator, type ChangeKind } from '../src/lab/scale/changes.ts'
import { type ClusterShape, nodeObject, serviceObject } from '../src/lab/scale/objects.ts'
import { type KernelMemory, readKernelMemory } from './meminfo.ts'
import { type Quantiles, quantiles, round } from '../src/util/percentile.ts'

export interface SyncOptions extends ClusterShape {
  readonly plane: PlaneName
  /** back end of the plane iptables; default nft */
  readonly iptables?: IptablesBackEnd
  readonly changes: number
  /** directory for CPU profiles of the agent */
  readonly profile?: string
  readonly progress: (line: string) => void
}

/** CLI.md, "bench". `ownMs` is a change without the kernel's part. */
export interface SyncReport extends ClusterShape {
  readonly plane: PlaneName
  /** of the plane iptables */
  readonly iptablesBackend?: IptablesBackEnd
  readonly encodeMs: number
  readonly fullSyncMs: number
  /** the kernel's part of the full sync, and how many operations it was sent */
  readonly kernelMs: number
  readonly writes: number
  readonly changeMs: Quantiles & { readonly swap: Quantiles; readonly resize: Quantiles }
  readonly ownMs: Quantiles
  /** of the plane iptables: one rule in a chain that nothing leads to, by iptables-restore, on the same tables */
  readonly bareChangeMs?: Quantiles
  readonly restartMs: number
  readonly restartWrites: number
  readonly rssMiB: number
  readonly slabMiB: number
  readonly percpuMiB: number
}

export const benchSync = async (options: SyncOptions): Promise<SyncReport> => {
  const { services, endpoints, plane, progress } = options
  using namespace = createNamespace('ek-bench', 'sync')
  const cluster = new ChangeGenerator({ services, endpoints })
  await warmUp(namespace.name, options)
  const before = readKernelMemory()
  const first = await runFirst(namespace.name, cluster, options)
  const iptables = plane === 'iptables' ? (options.iptables ?? 'nft') : undefined
  if (iptables !== undefined) progress(`${BARE_CHANGES} changes of one rule by iptables-${iptables}-restore`)
  const bareChangeMs = iptables && bareChanges(namespace.name, iptables, BARE_CHANGES)
  progress('restarting on the same kernel state')
  const restart = await runRestart(namespace.name, cluster, options)
  const { measured } = first
  const of = (...kinds: readonly ChangeKind[]): Quantiles =>
    quantiles(measured.filter(({ kind }) => kinds.includes(kind)).map(({ ms }) => ms))
  return {
    services,
    endpoints,
    plane,
    ...(iptables && { iptablesBackend: iptables }),
    encodeMs: round(first.sync.encodeMs),
    fullSyncMs: round(first.sync.ms),
    kernelMs: round(first.sync.kernelMs),
    writes: first.sync.writes,
    changeMs: { ...of('swap', 'add', 'remove'), swap: of('swap'), resize: of('add', 'remove') },
    ownMs: quantiles(measured.map(({ ms, kernelMs }) => ms - kernelMs)),
    ...(bareChangeMs && { bareChangeMs }),
    restartMs: round(restart.ms),
    restartWrites: restart.writes,
    rssMiB: round(first.rssMiB),
    slabMiB: round(first.kernel.slabMiB - before.slabMiB),
    percpuMiB: round(first.kernel.percpuMiB - before.percpuMiB),
  }
}

const BARE_CHANGES = 20

interface FirstRun {
  readonly sync: Measured
  readonly kernel: KernelMemory
  readonly measured: readonly (Measured & { readonly kind: ChangeKind })[]
  readonly rssMiB: number
}

const runFirst = async (namespace: string, generator: ChangeGenerator, options: SyncOptions): Promise<FirstRun> => {
  const { services, endpoints, changes, profile, progress } = options
  await using agent = startAgent(namespace, options, profile)
  progress(`loading ${services} Services of ${endpoints} endpoints`)
  await agent.load(objectsOf(generator, services))
  progress('first full sync')
  const sync = await agent.sync()
  const kernel = readKernelMemory()
  progress(`… ${sync.ms.toFixed(0)} ms, CPU user ${sync.userMs.toFixed(0)} and system ${sync.systemMs.toFixed(0)} ms`)
  await agent.settle()
  await agent.compact()
  progress(`${changes} changes`)
  const measured = await runChanges(agent, generator, changes)
  progress(`… the slowest ${Math.max(...measured.map(({ ms }) => ms)).toFixed(1)} ms`)
  await agent.settle()
  const { rssMiB } = await agent.memory()
  await agent.stop()
  return { sync, kernel, measured, rssMiB }
}

const runChanges = async (
  agent: BenchAgent,
  generator: ChangeGenerator,
  count: number,
): Promise<FirstRun['measured']> => {
  const measured: (Measured & { kind: ChangeKind })[] = []
  for (const { kind, slice } of generator.events(count)) measured.push({ kind, ...(await agent.change(slice)) })
  return measured
}

/** The same objects to a new process, as after a crash or an upgrade: it should find nothing to do. */
const runRestart = async (name: string, generator: ChangeGenerator, options: SyncOptions): Promise<Measured> => {
  await using agent = startAgent(name, options)
  await agent.load(objectsOf(generator, options.services))
  const sync = await agent.sync()
  const settled = await agent.settle()
  await agent.stop()
  return { ...sync, writes: sync.writes + settled.writes }
}

function* objectsOf(generator: ChangeGenerator, services: number): Generator<RawObject> {
  yield nodeObject
  for (let service = 0; service < services; service++) {
    yield serviceObject(service)
    yield generator.slice(service)
  }
}
