/** The peers' exact encoders (scikit-learn's are fastest with one job). Tolerances are looked for on each job: the loosest that reaches an equal objective. */

const tolerances = [1e-2, 5e-3, 2e-3, 1e-3, 8e-4, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5, 1e-6, 1e-7]

/** @type {readonly import('./compareEncoders.js').Contender[]} */
export const encoderContenders = [
  { name: 'lasso', package: 'SPAMS', solver: 'spams-lasso', parallel: true },
  { name: 'cd', package: 'SPAMS', solver: 'spams-cd', parallel: true, settings: tolerances, count: 1000 },
  { name: 'Lasso(Gram)', package: 'scikit-learn', solver: 'sklearn-gram-cd', settings: tolerances },
  {
    name: 'sparse_encode lasso_cd',
    package: 'scikit-learn',
    solver: 'sklearn-lasso-cd',
    count: 2000,
    settings: [30, 40, 50, 65, 80, 100, 115, 130, 150, 200, 300, 500, 1000],
  },
  { name: 'sparse_encode lasso_lars', package: 'scikit-learn', solver: 'sklearn-lasso-lars', count: 1000, repeats: 2 },
]
