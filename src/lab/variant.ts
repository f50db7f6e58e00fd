import type { PlaneName } from '../dataplane/plane.ts'
import { planeNames, type PlaneVariant, variantsOf, whatLacks } from '../dataplane/registry.ts'
import type { KernelOptions } from '../kernel/index.ts'
import type { Skipped } from './report.ts'

/** A plane, and with which programs where a node may have one or the other, as the reports have it. */
export interface Variant extends KernelOptions {
  readonly plane: PlaneName
}

/** The variant alone, of what tells more. */
export const variantOf = (one: Variant): Variant => ({ plane: one.plane, ...registered(one)?.kernel })

/** The registry's; undefined where it has none such: a plane of another version, or one without its programs. */
export const registered = (variant: Variant): PlaneVariant | undefined => {
  if (!planeNames.includes(variant.plane)) return undefined
  const options: ReadonlyMap<string, unknown> = new Map(Object.entries(variant))
  return variantsOf(variant.plane).find(({ kernel }) =>
    Object.entries(kernel).every(([option, value]) => options.get(option) === value),
  )
}

/** `nftables`, `iptables-legacy` */
export const nameOf = (variant: Variant): string => registered(variant)?.name ?? variant.plane

/** Those that run here. Throws when none is left, with the reasons. */
export const runnableVariants = async (
  planes: readonly PlaneName[],
): Promise<{ readonly variants: readonly Variant[]; readonly skipped: readonly Skipped[] }> => {
  const variants: Variant[] = []
  const skipped: Skipped[] = []
  for (const plane of planes) {
    if (!planeNames.includes(plane))
      skipped.push({ plane, reason: `not in this version, which has ${planeNames.join(', ')}` })
    else
      for (const variant of variantsOf(plane)) {
        const reason = await whatLacks(variant)
        if (reason === null) variants.push({ plane, ...variant.kernel })
        else skipped.push({ plane: variant.name, reason })
      }
  }
  if (variants.length === 0) throw new Error(skipped.map(({ plane, reason }) => `${plane}: ${reason}`).join('; '))
  return { variants, skipped }
}

/** Planes that run here with some programs or other, and the others with the reasons. Throws when none is left. */
export const runnablePlanes = async (
  planes: readonly PlaneName[],
): Promise<{ readonly run: readonly PlaneName[]; readonly skipped: readonly Skipped[] }> => {
  const { variants, skipped } = await runnableVariants(planes)
  const run = planes.filter((plane) => variants.some((variant) => variant.plane === plane))
  return { run, skipped: skipped.filter(({ plane }) => !run.some((one) => plane?.startsWith(`${one}-`))) }
}
