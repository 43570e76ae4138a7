export default {
  projects: [
    "<rootDir>/packages/*",
    "<rootDir>/services/*",
    "<rootDir>/charts",
    "<rootDir>/demo",
    "<rootDir>/bench",
    "<rootDir>/e2e",
  ],
  testTimeout: 60_000,
  // Suites start servers of their own: more at once than cores only slows them all.
  maxWorkers: 2,
};
