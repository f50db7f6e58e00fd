import { hostname } from 'node:os'
import { stringify } from 'yaml'
import { type ConfigFlags, parseConfig, type ProxyConfig } from '../../src/agent/config/config.ts'
import { plainSettings } from '../../src/routing/node-view.ts'

export const kubeProxy = { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' }
export const evenkeel = { apiVersion: 'evenkeel.io/v1alpha1', kind: 'EvenkeelConfiguration' }

/** Configuration documents as text, or the fields of a KubeProxyConfiguration; problems and warnings as `field: message`. */
export const parse = (fields: Record<string, unknown> | string, flags: ConfigFlags = {}) => {
  const text = typeof fields === 'string' ? fields : stringify({ ...kubeProxy, ...fields })
  const { config, problems, warnings } = parseConfig(Buffer.from(text), 'proxy.yaml', flags)
  const { document: _, ...settings } = config
  const list = (found: typeof problems): string[] => found.map(({ field, message }) => `${field}: ${message}`)
  return { config: settings, problems: list(problems), warnings: list(warnings) }
}

/** What is configured where nothing is said. */
export const bare: Omit<ProxyConfig, 'document'> = {
  ...plainSettings,
  mode: null,
  plane: null,
  source: '',
  nodeName: hostname().toLowerCase(),
  healthzBindAddress: { host: '0.0.0.0', port: 10_256 },
  metricsBindAddress: { host: '127.0.0.1', port: 10_249 },
  bindAddressHardFail: false,
  syncPeriod: 30_000,
  clientConnection: { kubeconfig: '', master: '', context: '' },
  oomScoreAdj: -999,
  conntrack: {
    maxPerCore: 32_768,
    min: 131_072,
    tcpEstablishedTimeout: 86_400,
    tcpCloseWaitTimeout: 3_600,
    udpTimeout: null,
    udpStreamTimeout: null,
    tcpBeLiberal: false,
  },
  logging: { format: null, verbosity: 0 },
  handover: 30_000,
  brake: { maxEmptiedPercent: 0, minFrontends: 10, window: 60_000 },
  shadow: { enabled: false, settle: 30_000, pass: 60_000 },
  events: true,
  metrics: { backends: true, maxSeries: 10_000 },
}

/** An EvenkeelConfiguration, and a KubeProxyConfiguration behind it. */
export const own = (fields: object, others: object = {}): string =>
  `${stringify({ ...evenkeel, ...fields })}---\n${stringify({ ...kubeProxy, ...others })}`
