import { Option, type Command } from 'commander'
import { addPlaneOption, planeFor } from '../options/node-options.ts'
import { addPlannedOptions, loadPlanned, type PlannedOptions } from '../options/planned.ts'
import { planReport, selectServices, type ServiceSelection } from './report.ts'
import { planTables } from './tables.ts'
import { printProblems } from '../text/problems.ts'

interface PlanOptions extends PlannedOptions, ServiceSelection {
  readonly output: 'table' | 'wide' | 'json' | 'yaml'
  readonly headers: boolean
}

/** Prints the frontends and backends of a node, and why each endpoint is in or out. Exit 1: something in the input was left out. */
export function register(command: Command): void {
  addPlaneOption(addPlannedOptions(command))
    .argument('[services...]', 'NAME, NAMESPACE/NAME or service/NAME; none: all')
    .option(
      '-n, --namespace <namespace>',
      'only its Services; the namespace of a bare NAME (default for a NAME: default)',
    )
    .option('-A, --all-namespaces', 'a bare NAME means that Service in every namespace')
    .addOption(
      new Option('-o, --output <format>', 'format').choices(['table', 'wide', 'json', 'yaml']).default('table'),
    )
    .option('--no-headers', 'leave out the headers of tables', true)
    .action(async (services: string[], options: PlanOptions) => {
      const planned = await loadPlanned(options)
      if (options.plane !== undefined) planeFor(options, planned.config)
      const chosen = selectServices(planned.snapshot, services, options)
      const report = planReport(planned, chosen)
      process.stdout.write(await render(report, options))
      printProblems(planned.problems)
      if (planned.problems.length > 0) process.exitCode = 1
    })
}

const render = async (report: ReturnType<typeof planReport>, { output, headers }: PlanOptions): Promise<string> => {
  switch (output) {
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`
    case 'yaml':
      return (await import('yaml')).stringify(report, { aliasDuplicateObjects: false, lineWidth: 0 })
    case 'table':
    case 'wide':
      return planTables(report, { wide: output === 'wide', headers })
  }
}
