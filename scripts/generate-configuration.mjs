// Makes docs/configuration.md from the settings in the sources: each service's config.ts and the shared settings that it
// spreads. With --check it compares instead, and fails when the page differs.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as prettier from "prettier";
import ts from "typescript";

const PAGE = "docs/configuration.md";

/** Settings that several services spread into theirs, by the name of what they spread. */
const SHARED = [
  {
    name: "settings",
    declared: "commonSettings",
    title: "Every service",
    file: "packages/service-kit/src/config.ts",
  },
  {
    name: "busSettings",
    title: "Kafka and Redis",
    file: "packages/messaging/src/config.ts",
  },
  {
    name: "routingSettings",
    title: "Routing",
    file: "packages/routing/src/config.ts",
  },
  {
    name: "agentCoreSettings",
    title: "agent-core, for those who call it",
    file: "packages/agent-core-client/src/config.ts",
  },
];

function sourceOf(file) {
  return ts.createSourceFile(
    file,
    readFileSync(file, "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
}

/** The object that `const <name> = {…}` declares in a source. */
function objectNamed(source, name) {
  let found;
  const visit = (node) => {
    if (
      ts.isVariableDeclaration(node) &&
      node.name.getText() === name &&
      node.initializer !== undefined &&
      ts.isObjectLiteralExpression(node.initializer)
    )
      found = node.initializer;
    ts.forEachChild(node, visit);
  };
  visit(source);
  if (found === undefined)
    throw new Error(`${source.fileName}: no const ${name} = {…}`);
  return found;
}

function settingsOf(source, object) {
  const own = [];
  const spread = [];
  for (const property of object.properties) {
    if (ts.isSpreadAssignment(property)) {
      const { expression } = property;
      const name = ts.isCallExpression(expression)
        ? expression.expression.getText()
        : expression.getText();
      if (SHARED.some((shared) => shared.name === name))
        spread.push({ name, text: expression.getText() });
      else own.push(...settingsOf(source, objectNamed(source, name)).own);
    } else if (ts.isPropertyAssignment(property)) own.push(settingOf(property));
  }
  return { own, spread };
}

function settingOf(property) {
  const name = property.name.getText();
  const value = property.initializer;
  const calls = callsOf(value);
  const text = value.getText();
  const comment = ts
    .getJSDocCommentsAndTags(property)
    .map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? "")
    .join(" ")
    .replace(/\s+/g, " ")
    .trim();
  if (comment === "")
    throw new Error(
      `${property.getSourceFile().fileName}: ${name} has no comment that says what it is for`,
    );
  return {
    name,
    secret: /(^|\W)secret(\(\)|\))/.test(text),
    comment,
    default: defaultOf(name, calls),
  };
}

/** The methods that are called on a setting, `.default(5)` and so on, the last first. */
function callsOf(node) {
  const calls = [];
  let current = node;
  while (ts.isCallExpression(current)) {
    const callee = current.expression;
    if (!ts.isPropertyAccessExpression(callee)) break;
    calls.push({ name: callee.name.text, argument: current.arguments[0] });
    current = callee.expression;
  }
  return calls;
}

// Each service gives PORT a default of its own.
function defaultOf(variable, calls) {
  const given = calls.find(({ name }) => name === "default")?.argument;
  if (given === undefined)
    return variable === "PORT" || calls.some(({ name }) => name === "optional")
      ? ""
      : "required";
  if (ts.isStringLiteral(given)) return code(given.text);
  if (ts.isArrayLiteralExpression(given))
    return given.elements.length === 0
      ? ""
      : code(given.elements.map((element) => element.text).join(","));
  if (ts.isNewExpression(given)) return "";
  return code(given.getText().replaceAll("_", ""));
}

function code(text) {
  return `\`${text}\``;
}

function table(settings) {
  return [
    "| variable | default | what it is |",
    "| --- | --- | --- |",
    ...settings.map(
      (setting) =>
        `| \`${setting.name}\`${setting.secret ? " (secret)" : ""} | ${setting.default} | ${setting.comment.replaceAll("|", "\\|")} |`,
    ),
  ].join("\n");
}

const services = readdirSync("services")
  .map((name) => ({ name, file: join("services", name, "src/config.ts") }))
  .filter(({ file }) => existsSync(file))
  .map(({ name, file }) => {
    const source = sourceOf(file);
    const { own, spread } = settingsOf(source, objectNamed(source, "shape"));
    const port = /port: (\d+)/.exec(
      spread.find((shared) => shared.name === "settings")?.text ?? "",
    )?.[1];
    if (port === undefined) throw new Error(`${file}: no port`);
    return { name, port, own, spread: spread.map((shared) => shared.name) };
  });

const sharedTables = SHARED.map((shared) => {
  const source = sourceOf(shared.file);
  const { own } = settingsOf(
    source,
    objectNamed(source, shared.declared ?? shared.name),
  );
  const users = services.filter(({ spread }) => spread.includes(shared.name));
  const who =
    users.length === services.length
      ? ""
      : `For ${users.map(({ name }) => name).join(", ")}.\n\n`;
  return `## ${shared.title}\n\n${who}${table(own)}`;
});

const page = `<!-- Made by scripts/generate-configuration.mjs from the services' config.ts: change those. -->

# Configuration

Environment variables, read and checked once at start: a bad one ends the process with exit code 78 and one line for each
variable that says what is wrong with it. An empty variable counts as unset. For a secret \`NAME\`, \`NAME_FILE\` may name a
file that holds its value instead; a secret's value is never printed.

${sharedTables.join("\n\n")}

${services.map(({ name, port, own }) => `## ${name}\n\nListens on port ${port} unless \`PORT\` says otherwise.\n\n${own.length === 0 ? "Nothing of its own." : table(own)}`).join("\n\n")}
`;

const text = await prettier.format(page, { parser: "markdown" });
if (!process.argv.includes("--check")) writeFileSync(PAGE, text);
else if (!existsSync(PAGE) || readFileSync(PAGE, "utf8") !== text) {
  console.error(
    `${PAGE} differs from the services' settings; run: node scripts/generate-configuration.mjs`,
  );
  process.exit(1);
}
