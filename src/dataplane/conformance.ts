import type { ConformanceCase } from './conformance-case.ts'
import { clusterIPRows } from './conformance-cluster-ip.ts'
import { detectLocalRows } from './conformance-detect-local.ts'
import { endpointRows } from './conformance-endpoints.ts'
import { externalRows } from './conformance-external.ts'
import { policyRows } from './conformance-policy.ts'
import { twins } from './conformance-row.ts'
import { schedulingRows } from './conformance-scheduling.ts'
import { serviceRows } from './conformance-services.ts'

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
