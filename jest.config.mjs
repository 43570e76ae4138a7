export default {
  projects: [
    "<rootDir>/packages/*",
    "<rootDir>/services/*",
    "<rootDir>/charts",
    "<rootDir>/demo",
    "<rootDir>/bench",
    "<rootDir>/e2e",
  ],
  testTimeout: 180_000,
  // Suites start servers of their own: many at once only slow each other. One more than two cores, for a third of the
  // suites' time is waiting.
  maxWorkers: 3,
  // A worker that has run many suites spends two thirds of its time collecting their garbage; a new one is there in a
  // quarter of a second.
  workerIdleMemoryLimit: "100MB",
  testSequencer: "<rootDir>/scripts/longest-first.mjs",
};
