import type { BackendReading, BackendSeries } from './backend-series.ts'

/** The text of what has one line for each backend: written straight, since a library's objects for it would cost as much as the agent. */
export const backendText = ({ series }: BackendReading): string => {
  const connections = ['']
  const expected = ['']
  for (const one of series) {
    const labels = labelsOf(one)
    connections.push(`evenkeel_backend_connections_total{${labels}} ${one.connections}`)
    if (one.expected !== null) expected.push(`evenkeel_backend_expected_connections_total{${labels}} ${one.expected}`)
  }
  return `# HELP evenkeel_backend_connections_total New connections sent to a backend of a frontend on this node (without those that session affinity decided)
# TYPE evenkeel_backend_connections_total counter${connections.join('\n')}

# HELP evenkeel_backend_expected_connections_total New connections that the backend would have had by its weight; compare the rates of the two
# TYPE evenkeel_backend_expected_connections_total counter${expected.join('\n')}
`
}

const labelsOf = ({ frontend, backend, pod, node }: BackendSeries): string => {
  const [namespace = '', service = ''] = frontend.service.split('/')
  const podName = pod.slice(pod.indexOf('/') + 1)
  return (
    `namespace="${escape(namespace)}",service="${escape(service)}",port="${escape(frontend.portName)}",` +
    `frontend="${escape(frontend.key)}",backend="${escape(backend)}",pod="${escape(podName)}",node="${escape(node)}"`
  )
}

const escape = (text: string): string =>
  /[\\"\n]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : text
