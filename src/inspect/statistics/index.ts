/** Is it luck? The arithmetic of counts per backend against the odds that the rules give (not 1/k by assumption). Pure. */
export {
  familyVerdicts,
  maxOverMean,
  type SkewOptions,
  type SkewTest,
  type SkewVerdict,
  testCounts,
  variation,
} from './verdict.ts'
