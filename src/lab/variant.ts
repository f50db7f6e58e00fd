import type { PlaneName } from '../dataplane/plane.ts'
import { planeNames } from '../dataplane/registry.ts'
import { findPrograms } from '../kernel/iptables/programs.ts'
import type { IptablesBackEnd } from '../kernel/iptables/types.ts'
import type { Skipped } from './report.ts'

/** A plane, and with which programs. */
export interface Variant {
  readonly plane: PlaneName
  /** of the iptables plane */
  readonly iptables?: IptablesBackEnd
}

/** `nftables`, `iptables-legacy` */
export const nameOf = ({ plane, iptables }: Variant): string =>
  iptables === undefined ? plane : `${plane}-${iptables}`

/** Those that run here; of iptables every back end whose programs are installed. Throws when none is left, with the reasons. */
export const variantsOf = async (
  planes: readonly PlaneName[],
): Promise<{ readonly variants: readonly Variant[]; readonly skipped: readonly Skipped[] }> => {
  const variants: Variant[] = []
  const skipped: Skipped[] = []
  for (const plane of planes) {
    if (!planeNames.includes(plane))
      skipped.push({ plane, reason: `not in this version, which has ${planeNames.join(', ')}` })
    else if (plane !== 'iptables') variants.push({ plane })
    else
      for (const iptables of ['nft', 'legacy'] as const) {
        const reason = await whyNot(iptables)
        if (reason === null) variants.push({ plane, iptables })
        else skipped.push({ plane: nameOf({ plane, iptables }), reason })
      }
  }
  if (variants.length === 0) throw new Error(skipped.map(({ plane, reason }) => `${plane}: ${reason}`).join('; '))
  return { variants, skipped }
}

/** Planes that run here with some programs or other, and the others with the reasons. Throws when none is left. */
export const runnablePlanes = async (
  planes: readonly PlaneName[],
): Promise<{ readonly run: readonly PlaneName[]; readonly skipped: readonly Skipped[] }> => {
  const { variants, skipped } = await variantsOf(planes)
  const run = planes.filter((plane) => variants.some((variant) => variant.plane === plane))
  return { run, skipped: skipped.filter(({ plane }) => !run.some((one) => plane?.startsWith(`${one}-`))) }
}

const whyNot = async (backEnd: IptablesBackEnd): Promise<string | null> => {
  try {
    await findPrograms(backEnd)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
