import { plainSet } from '../../kernel/nftables/plain-set.ts'
import type { NftVerdict } from '../../kernel/nftables/types.ts'
import type { SourceClass } from '../../model/frontend.ts'
import type { Jump, Rule } from '../../rules/model.ts'
import { drop, field, jump, notInSet } from '../../rules/terms.ts'
import { chainOf, rule } from './chains.ts'
import { REFUSE } from './compile-base.ts'
import { intervals, leading } from './elements.ts'
import { frontendComment, sourcesSet } from './names.ts'
import { setObject, type NftObject } from './objects.ts'
import { isNextClass } from './source-classes.ts'
import type { Subject } from './subject.ts'

/** What is decided before DNAT for a class of source. */
export type Refusal = 'pass' | 'reject' | 'drop'

/** Elements and chains that keep some sources away from a frontend; none where all may pass. */
export const compileRefusals = (subject: Subject, refusal: (source: SourceClass) => Refusal): void => {
  const { layout, frontend, place, key, objects } = subject
  const byClass = refusalByClass(subject, refusal)
  const refused = frontend.sourceRanges === null ? byClass : byRange(subject, frontend.sourceRanges, byClass)
  if (refused === null) return
  const set = place.dialled === 'service' ? layout.sets.refused : layout.sets['refused-nodeports']
  objects.push(leading(set, key, refused.verdict), ...refused.objects)
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
  { layout, present, pods }: Subject,
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
  const rules = refusals.map((one): Rule => rule(...isNextClass(one.source, pods), jump(verdicts[one.refusal])))
  return {
    verdict: { verdict: 'goto', chain: name },
    objects: [chainOf(layout, name, described.join(', '), rules)],
  }
}

/** Source ranges are asked first, then the class. Services with the same ranges share the set. */
const byRange = ({ layout, frontend, names }: Subject, ranges: readonly string[], byClass: Refused | null): Refused => {
  if (ranges.length === 0) return { verdict: drop, objects: [] }
  const set = setObject(
    layout.family,
    layout.table,
    plainSet(sourcesSet(ranges), [layout.address], 'loadBalancerSourceRanges', { interval: true }),
  )
  const chain = names.sources
  const refuse = byClass === null ? [] : [rule(jump(byClass.verdict))]
  return {
    verdict: { verdict: 'goto', chain },
    objects: [
      set,
      ...intervals(set, ranges),
      chainOf(layout, chain, frontendComment(frontend), [
        rule(notInSet([field(layout.saddr)], set.set.name), jump(drop)),
        ...refuse,
      ]),
      ...(byClass?.objects ?? []),
    ],
  }
}
