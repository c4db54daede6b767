/** Imports point one way: see README, "Decisions". */
const pure = "^src/(money|time|json|strategy|ports)\\.ts$|^src/(rules|risk|execution|simulator|run)/|^strategies/";
module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: { pathNot: "^src/simulator/" }, to: { circular: true } },
    // An order of the exchange knows its account and its market by reference, and they know it: types may go round there.
    { name: "no-cycles-but-of-types-in-the-simulator", severity: "error", from: { path: "^src/simulator/" }, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
    { name: "nothing-imports-programs-or-tests", severity: "error", from: { pathNot: "^(test|bin)/" }, to: { path: "^(bin|test)/" } },
    { name: "handlers-are-ends", severity: "error", from: { pathNot: "^(src/handlers|test|lib|bin)/" }, to: { path: "^src/handlers/" } },
    { name: "only-lib-knows-cdk", severity: "error", from: { pathNot: "^(lib|bin/app\\.ts|test/lib)" }, to: { path: "node_modules/(aws-cdk-lib|constructs)" } },
    { name: "rules-stand-low", severity: "error", from: { path: "^src/rules/" }, to: { path: "^src/(?!rules/|money\\.ts|time\\.ts)" } },
    { name: "order-book-stands-alone", severity: "error", from: { path: "^src/simulator/order-book" }, to: { path: "^src/(?!simulator/order-book)" } },
    { name: "pure-code-does-no-io", severity: "error", from: { path: pure }, to: { path: "^src/(alpaca|state|aws|server|handlers)/|^(backtest|lib|bin)/" } },
    { name: "pure-code-imports-no-io-modules", severity: "error", from: { path: pure }, to: { dependencyTypes: ["core"], pathNot: "^(node:)?crypto$" } },
    { name: "product-does-not-use-dev-dependencies", severity: "error", from: { path: "^(src|backtest|strategies)/" }, to: { dependencyTypes: ["npm-dev"] } },
  ],
  options: { doNotFollow: { path: "node_modules" }, tsPreCompilationDeps: true, tsConfig: { fileName: "tsconfig.json" }, enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] } },
};
