// Prints Jest's counts as a plain last line, and the names of what failed before it.
import { readFileSync } from "node:fs";

const file = process.argv[2];
const results = JSON.parse(readFileSync(file, "utf8"));
for (const suite of results.testResults) {
  if (suite.status === "passed") continue;
  const failed = suite.assertionResults.filter(
    (test) => test.status === "failed",
  );
  console.log(`failed: ${suite.name}`);
  for (const test of failed) console.log(`  ${test.fullName}`);
}
const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
console.log(`${results.numPassedTests} passed, ${failed} failed`);
if (results.numPassedTests === 0) process.exit(1);
