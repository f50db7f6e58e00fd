import type { PlaneName } from '../../src/dataplane/plane.ts'

/** Stands for a plane that a version does not have, whichever it has. */
export const absentPlane = 'absent' as PlaneName
