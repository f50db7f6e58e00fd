import type { KernelOptions } from '../kernel/index.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Driver, DriverOptions, KernelFacts, KernelFactsOptions, Plane, PlaneName, PlaneObject } from './plane.ts'

/** A plane with the programs that it works through, where a node may have one or the other. Plain data. */
export interface PlaneVariant {
  /** `nftables`, `iptables-legacy`: as `Driver.place`, where there is one */
  readonly name: string
  readonly plane: PlaneName
  /** what its kernel is opened with */
  readonly kernel: KernelOptions
}

/** A plane's two halves: what it computes anywhere, and what it does to a kernel. Loaded when asked for. */
interface PlaneEntry {
  plane(): Promise<Plane<PlaneObject>>
  open(kernel: Kernel, options: DriverOptions): Promise<Driver<PlaneObject>>
  /** why it cannot run beside another Service proxy (`Capabilities.beside` is false); absent: it can */
  readonly alone?: string
  /** of every place where objects of ours may stand; absent: of the one that `open` gives */
  openAll?(kernel: Kernel, options: DriverOptions): Promise<readonly Driver<PlaneObject>[]>
  /** absent: its rules depend on nothing that only the kernel knows */
  kernelFacts?(kernel: Kernel, options: KernelFactsOptions): Promise<KernelFacts>
  /** what this node has not that it needs, one line; null: nothing. Absent: that cannot be told before it is opened */
  lacks?(kernel: KernelOptions): Promise<string | null>
  /** the command that shows a person its rules, as `inspect` reads them; absent: there is none */
  listing?(kernel: KernelOptions): Promise<readonly string[]>
  /** what it is opened with on one node or another, by what is added to the plane's name; absent: it is the same everywhere */
  readonly variants?: Readonly<Record<string, KernelOptions>>
}

/** Every plane there is. A new one costs a folder and a row here. */
const planes: { readonly [name in PlaneName]?: PlaneEntry } = {
  nftables: {
    plane: async () => (await import('./nftables/index.ts')).nftables,
    open: async (kernel, options) => (await import('./nftables/driver.ts')).openNftablesDriver(kernel, options),
    listing: async () => ['nft', 'list', 'ruleset'],
  },
  iptables: {
    alone: 'its chains have kube-proxy’s names, and a kube-proxy deletes those that it did not make',
    plane: async () => (await import('./iptables/index.ts')).iptables,
    open: async (kernel, options) => (await import('./iptables/driver.ts')).openIptablesDriver(kernel, options),
    openAll: async (kernel, options) => (await import('./iptables/driver.ts')).openOwnIptables(kernel, options),
    kernelFacts: async (kernel, options) =>
      (await import('./iptables/kernel-facts.ts')).readKernelFacts(kernel, options),
    lacks: async (kernel) => (await import('./iptables/programs.ts')).missingPrograms(kernel),
    listing: async (kernel) => (await import('./iptables/programs.ts')).listing(kernel),
    variants: { nft: { iptables: 'nft' }, legacy: { iptables: 'legacy' } },
  },
}

export const planeNames: readonly PlaneName[] = Object.keys(planes) as PlaneName[]

/** Throws for a plane that this version does not have. */
export const loadPlane = (name: PlaneName): Promise<Plane<PlaneObject>> => entryOf(name).plane()

/** Opens what the plane needs of the kernel and changes nothing yet. */
export const openDriver = (name: PlaneName, kernel: Kernel, options: DriverOptions): Promise<Driver<PlaneObject>> =>
  entryOf(name).open(kernel, options)

/** Drivers of every place where objects of the plane may stand, whatever the node uses now: for taking them away. */
export const openDrivers = async (
  name: PlaneName,
  kernel: Kernel,
  options: DriverOptions,
): Promise<readonly Driver<PlaneObject>[]> => {
  const entry = entryOf(name)
  return entry.openAll?.(kernel, options) ?? [await entry.open(kernel, options)]
}

/** What is to be known of the kernel before the plane compiles (`NodeView`); null: nothing. Throws for a plane that this version does not have. */
export const readKernelFacts = async (
  name: PlaneName,
  kernel: Kernel,
  options: KernelFactsOptions,
): Promise<KernelFacts | null> => (await entryOf(name).kernelFacts?.(kernel, options)) ?? null

/** Each is judged by the conformance table on the real kernel; one, of the plane's own name, for a plane that has none. */
export const variantsOf = (plane: PlaneName): readonly PlaneVariant[] => {
  const { variants } = entryOf(plane)
  if (variants === undefined) return [{ name: plane, plane, kernel: {} }]
  return Object.entries(variants).map(([suffix, kernel]) => ({ name: `${plane}-${suffix}`, plane, kernel }))
}

/** Why a variant cannot run on this node, one line; null: nothing is known that hinders it. */
export const whatLacks = async ({ plane, kernel }: PlaneVariant): Promise<string | null> =>
  (await entryOf(plane).lacks?.(kernel)) ?? null

/** The command that shows a person the rules; null: this plane has none. Throws KernelError where its program is missing. */
export const listingOf = async ({ plane, kernel }: PlaneVariant): Promise<readonly string[] | null> =>
  (await entryOf(plane).listing?.(kernel)) ?? null

/** `auto` is the first plane there is. Throws for names that are none and for planes that this version does not have. */
export const planeNamed = (name: string): PlaneName => {
  const plane = planeNames.find((known) => known === name || name === 'auto')
  if (plane === undefined) throw new Error(`plane ${name}: not in this version, which has ${planeNames.join(', ')}`)
  return plane
}

/** Throws for a plane that cannot run beside another Service proxy, where one is said to be there (`serviceProxyName`). */
export const refuseBeside = (name: PlaneName, proxyName: string): void => {
  const { alone } = entryOf(name)
  if (alone === undefined || proxyName === '') return
  const others = planeNames.filter((one) => planes[one]?.alone === undefined)
  throw new Error(
    `plane ${name}: cannot run beside another proxy (service-proxy-name ${proxyName}): ${alone}; take --plane ${others.join(' or ')}`,
  )
}

const entryOf = (name: PlaneName): PlaneEntry => {
  const entry = planes[planeNamed(name)]
  if (entry === undefined) throw new Error(`plane ${name}: not in this version`)
  return entry
}
