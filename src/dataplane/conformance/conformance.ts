import type { ConformanceCase } from './case.ts'
import { clusterIPRows } from './cluster-ip.ts'
import { detectLocalRows } from './detect-local.ts'
import { endpointRows } from './endpoints.ts'
import { externalRows } from './external.ts'
import { policyRows } from './policy.ts'
import { twins } from './row.ts'
import { schedulingRows } from './scheduling.ts'
import { serviceRows } from './services.ts'

/**
 * Clusters and packets with what must become of them. Every row is judged three times: by `decide()`, by each plane's
 * `trace()` of what it compiled (conformance.test.ts), and by a real kernel (conformance.kernel.test.ts). Each bug found adds one.
 */
export const conformanceCases: readonly ConformanceCase[] = twins([
  ...clusterIPRows,
  ...externalRows,
  ...policyRows,
  ...endpointRows,
  ...detectLocalRows,
  ...schedulingRows,
  ...serviceRows,
])
