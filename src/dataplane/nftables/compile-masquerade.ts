import type { SourceClass } from '../../model/frontend.ts'
import type { Rule } from '../../rules/model.ts'
import { rule } from './chains.ts'
import { masqueradeMark } from './compile-base.ts'
import { member } from './elements.ts'
import { isClass } from './source-classes.ts'
import { podsOf, type Subject } from './subject.ts'

const noRules: readonly Rule[] = []

/**
 * Usual patterns of who is masqueraded are a membership that the dispatch chain asks for; the rest (policy Local: the node alone)
 * are rules of the frontend's own chain, returned.
 */
export const compileMasquerade = (subject: Subject, served: readonly SourceClass[]): readonly Rule[] => {
  const { layout, frontend, node, place, key, pods, objects } = subject
  const wanted = served.filter((source) => {
    const route = frontend.routes[source]
    return route.to === 'backends' && route.masquerade
  })
  if (wanted.length === 0) return noRules
  const twin = place.dialled === 'service' ? '' : '-nodeports'
  if (wanted.length === served.length) {
    objects.push(member(layout.sets[`masquerade-all${twin}`], key))
    return noRules
  }
  if (served.every((source) => wanted.includes(source) === (source !== 'pods'))) {
    objects.push(member(layout.sets[`masquerade-outside${twin}`], key))
    return noRules
  }
  objects.push(...podsOf(subject))
  return wanted.map((source) => rule(...isClass(source, pods), masqueradeMark(node)))
}
