// One Jest configuration for every package: native ES modules, TypeScript by swc, tests beside the code.
export default {
  testEnvironment: "node",
  testMatch: ["<rootDir>/src/**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      {
        swcrc: false,
        sourceMaps: "inline",
        module: { type: "es6" },
        jsc: { target: "es2024", parser: { syntax: "typescript" } },
      },
    ],
  },
  // NodeNext imports name the emitted file; tests run on the source.
  testTimeout: 60_000,
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
};
