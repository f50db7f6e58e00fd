import type { Node } from '../../model/objects.ts'

/**
 * May this node get traffic from outside? Not when it is being deleted or is gone. A Node that was never seen says nothing: a directory
 * of manifests need not hold one, and an API server may not have been reached yet.
 */
export const nodeEligibility = (node: () => Node | undefined): (() => boolean) => {
  let seen = false
  return () => {
    const present = node()
    seen ||= present !== undefined
    return present === undefined ? !seen : !present.leaving
  }
}
