import type { Cause, Certainty } from '../report.ts'
import { causePage, type NamedCause } from './codes.ts'
import { loadTellers } from './loads.ts'
import { otherTellers } from './others.ts'
import { rulesTellers } from './rules.ts'
import type { Tellers, View } from './view.ts'

const tellers: Tellers<NamedCause> = { ...rulesTellers, ...loadTellers, ...otherTellers }

/** A cause that was found, in words. */
export const tell = (
  { code, certainty }: { readonly code: NamedCause; readonly certainty: Exclude<Certainty, 'none'> },
  view: View,
): Omit<Cause, 'also'> => ({ code, ...tellers[code](view), page: causePage(code), certainty })
