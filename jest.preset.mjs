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
  testTimeout: 180_000,
  // NodeNext imports name the emitted file; tests run on the source. A library's `x.json.js` is not its `x.json`.
  moduleNameMapper: { "^(\\.{1,2}/.*(?<!\\.json))\\.js$": "$1" },
};
