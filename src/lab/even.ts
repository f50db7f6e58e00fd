import type { Family } from '../model/objects.ts'
import type { Application } from './controller/application.ts'
import { readApplication } from './controller/application.ts'

/** The application of the scenarios `even`, `weighted` and `restart`: some pods behind one Service with a NodePort. */
export interface EvenOptions {
  readonly pods: number
  readonly nodes: number
  readonly families: readonly Family[]
  /** pod-0 weighs 1, pod-1 weighs 2, …; else all the same */
  readonly weighted: boolean
}

const labels = { app: 'web' }

export const evenApplication = ({ pods, nodes, families, weighted }: EvenOptions): Application => {
  const weights = Array.from({ length: pods }, (_, i) => [`pod-${i}`, i + 1])
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'web',
      labels,
      ...(weighted && { annotations: { 'evenkeel.io/weights': JSON.stringify(Object.fromEntries(weights)) } }),
    },
    spec: {
      type: 'NodePort',
      selector: labels,
      ipFamilies: families,
      ...(families.length > 1 && { ipFamilyPolicy: 'RequireDualStack' }),
      ports: [{ name: 'http', port: 80, targetPort: 'http' }],
    },
  }
  const documents = [service, ...Array.from({ length: pods }, (_, i) => podManifest(`pod-${i}`))]
  return readApplication(
    documents.map((raw) => ({ raw, where: () => 'even' })),
    { nodes },
  )
}

const podManifest = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: { containers: [{ name: 'server', ports: [{ name: 'http', containerPort: 8080 }] }] },
})

/** One more pod of the same kind. */
export const evenPod = (name: string) => ({
  namespace: 'default',
  name,
  labels,
  ports: [{ name: 'http', protocol: 'TCP' as const, port: 8080 }],
})
