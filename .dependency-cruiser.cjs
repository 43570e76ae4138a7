/** The rules of the house that imports can break. */
module.exports = {
  forbidden: [
    {
      name: "no-service-imports-a-service",
      comment:
        "Services talk over the network; what two need is a package. Only tests start other services.",
      severity: "error",
      from: {
        path: "^services/([^/]+)/src/",
        pathNot: "\\.test\\.ts$|/testing/",
      },
      to: { path: "^services/", pathNot: "^services/$1/" },
    },
    {
      name: "no-package-imports-a-service",
      severity: "error",
      from: { path: "^packages/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(services|demo|bench|e2e)/" },
    },
    {
      name: "tests-stay-out-of-the-product",
      severity: "error",
      from: {
        path: "^(packages|services)/[^/]+/src/",
        pathNot:
          "\\.test\\.ts$|/testing/|^packages/(testbed|carrier-simulator)/",
      },
      to: {
        path: "^packages/(testbed|carrier-simulator)/|/testing/|\\.test\\.ts$",
      },
    },
    {
      name: "gpl-speech-only-in-the-simulator-and-the-demo",
      severity: "error",
      from: { pathNot: "^(services/realtime-simulator|demo)/" },
      to: { path: "espeak" },
    },
    {
      name: "no-circles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules|/dist/" },
    exclude: { path: "/dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "default"],
    },
  },
};
