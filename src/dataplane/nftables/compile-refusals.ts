import type { NftVerdict } from '../../kernel/nftables/types.ts'
import type { Frontend, SourceClass } from '../../model/frontend.ts'
import type { Jump, Rule } from '../../rules/model.ts'
import { drop, field, goto, jump, notInSet } from '../../rules/terms.ts'
import { chainOf, rule } from './chains.ts'
import { REFUSE } from './compile-base.ts'
import { frontendBytes, intervals, leading } from './elements.ts'
import { type Layout, plainSet } from './layout.ts'
import { frontendChain, frontendComment, sourcesSet } from './names.ts'
import { setObject, type NftObject } from './objects.ts'
import { isNextClass } from './source-classes.ts'

/** What is decided before DNAT for a class of source. */
export type Refusal = 'pass' | 'reject' | 'drop'

/** Elements and chains that keep some sources away from a frontend; empty where all may pass. */
export const compileRefusals = (
  layout: Layout,
  frontend: Frontend,
  present: readonly SourceClass[],
  refusal: (source: SourceClass) => Refusal,
): NftObject[] => {
  const set = frontend.address === null ? layout.sets['refused-nodeports'] : layout.sets.refused
  const byClass = refusalByClass(layout, present, refusal)
  if (frontend.sourceRanges === null) {
    return byClass === null ? [] : [leading(set, frontendBytes(frontend), byClass.verdict), ...byClass.objects]
  }
  const { verdict, objects } = sourceRanges(layout, frontend, frontend.sourceRanges, byClass)
  return [leading(set, frontendBytes(frontend), verdict), ...objects]
}

interface Refused {
  readonly verdict: NftVerdict
  readonly objects: readonly NftObject[]
}

const verdicts: Readonly<Record<Refusal, Jump>> = {
  pass: { verdict: 'return' },
  reject: { verdict: 'goto', chain: REFUSE },
  drop,
}

/** null: nobody is refused. Where classes differ, a chain that all frontends of that kind share. */
const refusalByClass = (
  layout: Layout,
  present: readonly SourceClass[],
  refusal: (source: SourceClass) => Refusal,
): Refused | null => {
  const refusals = present.map((source) => ({ source, refusal: refusal(source) }))
  const [first] = refusals
  if (first === undefined) return null
  if (refusals.every((one) => one.refusal === first.refusal)) {
    return first.refusal === 'pass' ? null : { verdict: verdicts[first.refusal], objects: [] }
  }
  const described = refusals.map((one) => `${one.source} ${one.refusal}`)
  const name = `refuse-by-class/${described.join('/').replaceAll(' ', '-')}`
  const rules = refusals.map((one): Rule => rule(...isNextClass(one.source, layout), jump(verdicts[one.refusal])))
  return {
    verdict: { verdict: 'goto', chain: name },
    objects: [chainOf(layout.family, name, described.join(', '), rules)],
  }
}

/** Source ranges are asked first, then the class. Services with the same ranges share the set. */
const sourceRanges = (
  layout: Layout,
  frontend: Frontend,
  ranges: readonly string[],
  byClass: Refused | null,
): Refused => {
  if (ranges.length === 0) return { verdict: drop, objects: [] }
  const set = setObject(
    layout.family,
    plainSet(sourcesSet(ranges), [layout.family === 'ip' ? 'ipv4_addr' : 'ipv6_addr'], 'loadBalancerSourceRanges', {
      interval: true,
    }),
  )
  const chain = frontendChain('s', frontend)
  const refuse = byClass === null ? [] : [rule(jump(byClass.verdict))]
  return {
    verdict: { verdict: 'goto', chain },
    objects: [
      set,
      ...intervals(set, ranges),
      chainOf(layout.family, chain, frontendComment(frontend), [
        rule(notInSet([field(layout.saddr)], set.set.name), jump(drop)),
        ...refuse,
      ]),
      ...(byClass?.objects ?? []),
    ],
  }
}

export const refuseAll = goto(REFUSE)
