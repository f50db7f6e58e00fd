import type { PlaneName } from '../../dataplane/plane.ts'
import { planeNames } from '../../dataplane/registry.ts'
import { section } from './field.ts'
import { duration, flag, formed, integer, oneOf, text } from './field-types.ts'

/** EvenkeelConfiguration evenkeel.io/v1alpha1: what kube-proxy has no field for. */
export const evenkeelFields = {
  apiVersion: text({ about: '`evenkeel.io/v1alpha1`' }),
  kind: text({ about: '`EvenkeelConfiguration`' }),
  source: formed({
    about: 'where Services and EndpointSlices come from; `--source` wins',
    type: 'kubernetes or manifests:DIR',
    parse: (written) => (written === 'kubernetes' || /^manifests:./s.test(written) ? written : null),
  }),
  plane: oneOf<PlaneName | 'auto', ''>(['auto', ...planeNames], {
    about: 'what carries the traffic: wins over `mode`; `--plane` wins over both',
    fallback: '',
    otherwise: '`mode`, else `auto`',
  }),
  serviceProxyName: formed({
    about:
      'serve only Services with this label service.kubernetes.io/service-proxy-name, beside another proxy that serves the rest; `--service-proxy-name` wins',
    type: 'the value of a label',
    parse: (written) => (/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(written) ? written : null),
  }),
  handover: duration({
    about: 'with serviceProxyName: how long a Service that leaves it is still served; 0: not at all',
    fallback: 30_000,
    zeroCounts: true,
  }),
  brake: section('an update that would empty very much at once waits to be confirmed', {
    maxEmptiedPercent: integer({
      about: 'per cent of the frontends that have endpoints, which may lose them all within a window; 0: no brake',
      min: 0,
      max: 100,
      fallback: 0,
    }),
    minFrontends: integer({ about: 'fewer than so many are never held', min: 0, max: 1_000_000, fallback: 10 }),
    window: duration({ about: 'within which what is emptied adds up, so that a trickle counts too', fallback: 60_000 }),
  }),
  events: flag({
    about: 'Kubernetes Events for what a Service’s owner must know, with source kubernetes',
    fallback: true,
  }),
  shadow: section('write nothing, and compare what the rules in force do with what would be written', {
    enabled: flag({ about: '`run --shadow` is the same', fallback: false }),
    settle: duration({
      about:
        'how long a difference must stay before it is told: the proxy that writes the rules needs a moment for each change',
      fallback: 30_000,
    }),
    pass: duration({
      about: 'all frontends are compared so often, also where nothing seems to have changed',
      fallback: 60_000,
    }),
  }),
  metrics: section('our own metrics', {
    backends: flag({ about: 'of every backend', fallback: true }),
    maxSeries: integer({
      about: 'time series at most; the rest is counted together',
      min: 100,
      max: 1_000_000,
      fallback: 10_000,
    }),
  }),
} as const
