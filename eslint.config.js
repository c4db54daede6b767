import tseslint from "typescript-eslint";

/** Folders that decide: the same inputs give the same outputs, so nothing ambient may be named in them. */
const pureFolders = ["src/money.ts", "src/time.ts", "src/strategy.ts", "src/run/**", "src/rules/**", "src/risk/**", "src/execution/**", "src/simulator/**", "strategies/**"];

const ambient = [
  { object: "Date", property: "now", message: "Time comes in as an argument (ports.clock)." },
  { object: "Math", property: "random", message: "Chance comes in as a seeded generator." },
  { object: "process", property: "env", message: "Configuration comes in as an argument." },
  { object: "process", property: "hrtime", message: "Time comes in as an argument." },
  { object: "performance", property: "now", message: "Time comes in as an argument." },
  { object: "crypto", property: "randomUUID", message: "Ids are derived or counted." },
  { object: "Intl", property: "DateTimeFormat", message: "Locale data differs between machines; src/rules has the New York offsets." },
];

export default tseslint.config(
  { ignores: ["node_modules/", "cdk.out/", "coverage/", "demo-report/", ".venv/", "**/*.cjs"] },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/require-await": "off",
      eqeqeq: ["error", "always"],
      "no-console": "error",
    },
  },
  {
    files: pureFolders,
    rules: {
      "no-restricted-properties": ["error", ...ambient],
      "no-restricted-globals": ["error", "setTimeout", "setInterval", "setImmediate", "fetch", "performance", "navigator", "process"],
      "no-restricted-syntax": [
        "error",
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: "Time comes in as an argument (ports.clock)." },
        { selector: "CallExpression[callee.property.name=/^toLocale|^localeCompare$/]", message: "Locale is ambient; compare and print code points." },
        { selector: "CallExpression[callee.name=/^(randomUUID|randomBytes|randomInt)$/]", message: "Ids are derived or counted." },
      ],
    },
  },
  { files: ["test/**/*.ts"], rules: { "@typescript-eslint/no-floating-promises": ["error", { allowForKnownSafeCalls: ["test", "describe", "it"] }] } },
);
