import type { Faults } from '../../sources/faults.ts'

/** What kube-proxy 1.36 asks its gates for (pkg/features/kube_features.go), and the groups. */
export interface FeatureGate {
  readonly name: string
  readonly fallback: boolean
  readonly about: string
  /**
   * honoured: both values do what they say. locked: must stay at its default, as Kubernetes 1.36 demands. no-effect: a warning says so.
   */
  readonly support: 'honoured' | 'locked' | 'no-effect'
}

export const featureGates: readonly FeatureGate[] = [
  {
    name: 'AllowServiceExternalIPs',
    fallback: true,
    about: 'false: externalIPs of Services are not served',
    support: 'honoured',
  },
  { name: 'PreferSameTrafficDistribution', fallback: true, about: 'hints name nodes too', support: 'locked' },
  { name: 'MultiCIDRServiceAllocator', fallback: true, about: 'ServiceCIDRs are read', support: 'locked' },
]

/** Locked gates at another value are faults; gates that nothing here depends on are named as such. */
export const checkFeatureGates = (gates: Readonly<Record<string, boolean>>, faults: Faults, ignored: Faults): void => {
  const before = [faults.length, ignored.length] as const
  for (const [name, value] of Object.entries(gates)) {
    const known = featureGates.find((gate) => gate.name === name)
    if (known?.support === 'honoured' || known?.fallback === value) continue
    if (known?.support === 'locked') faults.add(name, `must be ${known.fallback}: Kubernetes 1.36 has locked this gate`)
    else ignored.add(name, 'has no effect: nothing here depends on this gate')
  }
  faults.nest(before[0], 'featureGates')
  ignored.nest(before[1], 'featureGates')
}

export const featureEnabled = (gates: Readonly<Record<string, boolean>>, name: string): boolean =>
  gates[name] ?? featureGates.find((gate) => gate.name === name)?.fallback ?? false
