/** Arrows point one way: workflows ← activities ← worker; client is a door of its own (README, "Find your way"). */
import tseslint from 'typescript-eslint'

const forbid = (...patterns) => ({ '@typescript-eslint/no-restricted-imports': ['error', { patterns }] })

const syntax = (...more) => ({ 'no-restricted-syntax': ['error',
  { selector: 'TSEnumDeclaration', message: 'Node strips types and cannot run an enum.' },
  { selector: 'ExportDefaultDeclaration', message: 'Export by name.' }, ...more] })

const home = (packages, where) => ({ group: packages, message: `Its one home is ${where}.` })
const dockerode = home(['dockerode', 'docker-modem'], 'activities/docker/')
const kubernetes = home(['@kubernetes/*'], 'activities/kubernetes/')
const ldapjs = home(['ldapjs'], 'activities/ldap/conversation.ts (and the demo directory)')
const slack = home(['@slack/*'], 'activities/slack/ and client/gateway/chat/slack/')
const drivers = [dockerode, kubernetes, ldapjs, slack]
/** Files of activities in which one of them is at home. */
const homes = { 'activities/docker/**/*.ts': dockerode, 'activities/kubernetes/**/*.ts': kubernetes, 'activities/ldap/conversation.ts': ldapjs, 'activities/slack/**/*.ts': slack }
const activities = (...of) => forbid({ group: ['**/worker/**', '**/client/**', '**/test/**'], message: 'Activities know only the core.' }, temporalClient, ...of)
const temporalClient = home(['@temporalio/client'], 'client/ (and worker/, which starts it)')

const noLocalActivities = {
  group: ['@temporalio/workflow'], importNames: ['proxyLocalActivities', 'scheduleLocalActivity'],
  message: 'No local activities: those that end side by side are replayed in another order.',
}
const coreAlone = [
  { group: ['**/activities/**', '**/worker/**', '**/client/**', '**/test/**'], message: 'The core imports no other folder.' },
  { regex: '^(?!\\.|@temporalio/(workflow|common)(/|$))', message: 'The core imports nothing but itself and the Temporal workflow packages.' },
]

export default tseslint.config(
  { ignores: ['node_modules/', '**/*.json'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false, properties: false } }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      ...syntax(),
    },
  },
  { files: ['eslint.config.js', 'vitest.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['workflows/**/*.ts'],
    rules: { ...syntax(
      { selector: "Property[key.name='validator'] > [async=true]", message: 'A validator is synchronous: the SDK does not await it, so its refusal reaches nobody.' },
    ), ...forbid(noLocalActivities, ...coreAlone) },
  },
  // One account asks one question at a time.
  { files: ['workflows/account/ask.ts'], rules: forbid(...coreAlone) },
  { files: ['activities/**/*.ts'], rules: activities(...drivers) },
  ...Object.entries(homes).map(([files, guest]) => ({ files: [files], rules: activities(...drivers.filter((one) => one !== guest)) })),
  {
    files: ['worker/**/*.ts'],
    rules: forbid({ group: ['**/test/**'], message: 'Tests look at all; nothing looks at tests.' }, slack, kubernetes),
  },
  {
    files: ['client/**/*.ts'], ignores: ['client/gateway/chat/slack/**'],
    rules: forbid({ group: ['**/activities/**', '**/worker/**', '**/test/**'], message: 'The gateway and the CLI know only the core.' }, ...drivers),
  },
  {
    files: ['client/gateway/chat/slack/**/*.ts'],
    rules: forbid({ group: ['**/activities/**', '**/worker/**', '**/test/**'], message: 'The gateway and the CLI know only the core.' }, ...drivers.filter((one) => one !== slack)),
  },
)
