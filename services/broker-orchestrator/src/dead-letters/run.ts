import {
  BusUnavailableError,
  busSettingsOf,
  createBus,
  createStore,
  PublishError,
  SettingsError,
  StoreUnavailableError,
} from "@easymo/messaging";
import {
  ConfigError,
  createLogger,
  createMetrics,
  systemClock,
  type Environment,
} from "@easymo/service-kit";
import { parseCommand, usage, UsageError, type Command } from "./arguments.js";
import { isCalled } from "./dead-letter.js";
import { readDeadLettersConfig, type DeadLettersConfig } from "./config.js";
import { DeadLetters, type Settled } from "./dead-letters.js";
import {
  letterJson,
  letterTable,
  openedJson,
  openedText,
  settledJson,
  settledTable,
} from "./output.js";

/** Where the command writes to. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
}

const EXIT = { done: 0, failed: 1, usage: 64, config: 78 } as const;

/** Runs one command line and gives the exit code. Never rejects for what an operator can do something about. */
export async function runDeadLetters(
  argv: readonly string[],
  env: Environment,
  streams: Streams,
): Promise<number> {
  try {
    const command = parseCommand(argv, systemClock.now());
    if (command.name === "help") {
      streams.out(usage);
      return EXIT.done;
    }
    return await withLetters(readDeadLettersConfig(env), (letters) =>
      run(command, letters, streams),
    );
  } catch (error) {
    if (error instanceof UsageError) {
      streams.err(`${error.message}\n\n${usage}`);
      return EXIT.usage;
    }
    if (error instanceof ConfigError || error instanceof SettingsError) {
      const problems = error.problems.map(
        ({ name, message }) => `${name}: ${message}\n`,
      );
      streams.err(problems.join(""));
      return EXIT.config;
    }
    const sentence = sentenceOf(error);
    if (sentence === undefined) throw error;
    streams.err(`${sentence}\n`);
    return EXIT.failed;
  }
}

/** What is wrong, for whoever can do something about it. */
function sentenceOf(error: unknown): string | undefined {
  if (error instanceof BusUnavailableError)
    return `Kafka cannot be used (${error.message} Are the brokers of KAFKA_BROKERS up, and is this their address?)`;
  if (error instanceof StoreUnavailableError)
    return `Redis cannot be used (${error.message}) It remembers which dead letters are closed; is the one of REDIS_URL up?`;
  if (error instanceof PublishError)
    return `Not replayed: ${error.message} What was replayed before stays so; the rest is open.`;
  return undefined;
}

async function withLetters(
  config: DeadLettersConfig,
  work: (letters: DeadLetters) => Promise<number>,
): Promise<number> {
  const deps = {
    logger: createLogger({
      name: "dlq",
      level: config.LOG_LEVEL,
      destination: process.stderr,
    }),
    metrics: createMetrics(),
    clock: systemClock,
  };
  const bus = createBus(busSettingsOf(config), deps);
  const store = createStore(config.REDIS_URL, deps);
  try {
    const { keyValue } = store;
    return await work(new DeadLetters({ bus, keyValue, clock: systemClock }));
  } finally {
    await Promise.all([bus.close(), store.close()]);
  }
}

async function run(
  command: Exclude<Command, { name: "help" }>,
  letters: DeadLetters,
  streams: Streams,
): Promise<number> {
  const json = (value: unknown): void =>
    streams.out(`${JSON.stringify(value, undefined, 2)}\n`);
  switch (command.name) {
    case "list": {
      const open = await letters.list(command.filter);
      const shown = open.slice(0, command.limit);
      if (command.json) json(shown.map(letterJson));
      else if (open.length === 0) streams.out("No dead letters are open.\n");
      else streams.out(letterTable(shown));
      if (shown.length < open.length)
        streams.err(
          `${open.length - shown.length} more; --limit shows more of them.\n`,
        );
      return EXIT.done;
    }
    case "show": {
      const { id, reveal } = command;
      const opened = await letters.find(id);
      if (opened === undefined) {
        streams.err(`There is no dead letter ${id}.\n`);
        return EXIT.failed;
      }
      if (command.json) json(openedJson(opened, reveal));
      else streams.out(openedText(opened, reveal));
      return EXIT.done;
    }
    case "replay":
    case "drop": {
      const { name, filter } = command;
      const settled = await letters[name](filter);
      if (command.json) json(settled.map(settledJson));
      else if (settled.length > 0) streams.out(settledTable(settled));
      return judged(settled, filter.ids, streams);
    }
  }
}

/** Whether everything that was asked for was done. */
function judged(
  settled: readonly Settled[],
  ids: readonly string[] | undefined,
  streams: Streams,
): number {
  const missing = (ids ?? []).filter(
    (id) => !settled.some(({ letter }) => isCalled(letter, id)),
  );
  if (missing.length > 0)
    streams.err(`Not open, or not there: ${missing.join(", ")}.\n`);
  else if (settled.length === 0) streams.err("No dead letter is meant.\n");
  const refused = settled.some(({ outcome }) => outcome.kind === "refused");
  return missing.length > 0 || refused ? EXIT.failed : EXIT.done;
}
