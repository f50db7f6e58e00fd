import type { SchedulerName } from '../model/frontend.ts'
import { serviceKey, type Service } from '../model/objects.ts'
import type { InputProblem } from '../model/snapshot.ts'

const names: ReadonlySet<string> = new Set<SchedulerName>(['random', 'rr', 'sh', 'dh', 'maglev', 'lc', 'sed', 'nq'])

const isSchedulerName = (name: string): name is SchedulerName => names.has(name)

/** null: the plane's default, also for a name that is none (reported). Whether the plane can do it is the plane's question. */
export const schedulerOf = (service: Service): { scheduler: SchedulerName | null; problem: InputProblem | null } => {
  const written = service.scheduler
  if (written === '') return { scheduler: null, problem: null }
  if (isSchedulerName(written)) return { scheduler: written, problem: null }
  const problem = {
    where: '',
    object: `Service ${serviceKey(service)}`,
    field: 'metadata.annotations[evenkeel.io/scheduler]',
    message: `no scheduler is called ${JSON.stringify(written)}: the default is used; write one of ${[...names].join(', ')}`,
  }
  return { scheduler: null, problem }
}
