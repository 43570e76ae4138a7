import { createHash } from "node:crypto";
import { watch, type FSWatcher } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Clock, Logger, Metrics, Timer } from "@easymo/service-kit";
import { RoutingError } from "./errors.js";
import type { RoutingSource } from "./source.js";
import { RoutingTable } from "./table.js";

// A change is taken up within 5 s even where the file system tells nothing (some network and overlay file systems).
const pollIntervalMs = 2_000;
// An editor or the kubelet makes several notices of one change.
const settleMs = 50;

export interface WatchRoutingOptions {
  readonly file: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * Routing from a file that may change while the service runs. A good change is in force within 5 s, the swap of a mounted
 * ConfigMap's `..data` link included. A broken one is refused, logged with its problems and counted, and the last good
 * document stays in force; so it does when the file has gone.
 *
 * @throws {RoutingError} when the first load fails: `routing_unreadable` or `routing_invalid`.
 */
export async function watchRouting(
  options: WatchRoutingOptions,
): Promise<RoutingSource> {
  const file = resolve(options.file);
  const first = await read(file);
  if (first.kind === "unreadable")
    throw new RoutingError("routing_unreadable", [
      { path: "", message: `${file} cannot be read: ${first.reason}` },
    ]);
  const watcher = new RoutingWatcher(
    { ...options, file },
    RoutingTable.parse(first.text),
    first.hash,
  );
  watcher.start();
  return watcher;
}

class RoutingWatcher implements RoutingSource {
  readonly #options: WatchRoutingOptions;
  readonly #reloads: ReturnType<typeof reloadCounter>;
  readonly #listeners = new Set<(table: RoutingTable) => void>();
  #table: RoutingTable;
  /** Of what was seen last, good or bad, so that each state of the file is judged once. */
  #seen: string;
  /** Of the document in force. */
  #inForce: string;
  #notices: FSWatcher | undefined;
  #timer: Timer | undefined;
  #settling: Timer | undefined;
  #checking: Promise<void> | undefined;
  #checkAgain = false;
  #closed = false;

  constructor(options: WatchRoutingOptions, table: RoutingTable, hash: string) {
    this.#options = options;
    this.#table = table;
    this.#seen = hash;
    this.#inForce = hash;
    this.#reloads = reloadCounter(options.metrics);
  }

  start(): void {
    this.#listen();
    this.#schedulePoll();
    // The file may have changed between the first load and the first notice.
    this.#check();
  }

  current(): RoutingTable {
    return this.#table;
  }

  onChange(listener: (table: RoutingTable) => void): () => void {
    // Wrapped, so that a function registered twice is two listeners.
    const entry = (table: RoutingTable): void => listener(table);
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    this.#timer?.cancel();
    this.#settling?.cancel();
    this.#notices?.close();
    this.#notices = undefined;
    await this.#checking;
  }

  /** The directory is watched and not the file: both a rename over the file and a swapped link happen there. */
  #listen(): void {
    if (this.#notices !== undefined || this.#closed) return;
    try {
      this.#notices = watch(
        dirname(this.#options.file),
        { persistent: false },
        () => this.#noticed(),
      );
    } catch {
      // The directory itself has gone; polling goes on and tries again.
      return;
    }
    this.#notices.on("error", () => this.#stopListening());
  }

  #stopListening(): void {
    this.#notices?.close();
    this.#notices = undefined;
  }

  #noticed(): void {
    if (this.#closed || this.#settling !== undefined) return;
    this.#settling = this.#options.clock.setTimeout(() => {
      this.#settling = undefined;
      this.#check();
    }, settleMs);
  }

  #schedulePoll(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#listen();
      this.#check();
      this.#schedulePoll();
    }, pollIntervalMs);
  }

  /** One check at a time; what is noticed meanwhile makes one more. */
  #check(): void {
    if (this.#closed) return;
    if (this.#checking !== undefined) {
      this.#checkAgain = true;
      return;
    }
    this.#checking = this.#reload().finally(() => {
      this.#checking = undefined;
      if (!this.#checkAgain) return;
      this.#checkAgain = false;
      this.#check();
    });
  }

  async #reload(): Promise<void> {
    const found = await read(this.#options.file);
    if (this.#closed || found.hash === this.#seen) return;
    this.#seen = found.hash;
    if (found.kind === "unreadable") {
      // A directory that was removed and made again is another one to watch.
      this.#stopListening();
      this.#report("missing", { reason: found.reason });
      return;
    }
    if (found.hash === this.#inForce) {
      this.#options.logger.info(
        { file: this.#options.file },
        "routing document is again the one in force",
      );
      return;
    }
    try {
      this.#table = RoutingTable.parse(found.text);
    } catch (error) {
      if (!(error instanceof RoutingError)) throw error;
      this.#report("refused", { problems: error.problems });
      return;
    }
    this.#inForce = found.hash;
    this.#report("applied", {
      agents: this.#table.agents.length,
      channels: this.#table.channels.length,
    });
    this.#tellListeners();
  }

  #report(outcome: ReloadOutcome, details: object): void {
    const { logger, file } = this.#options;
    this.#reloads.inc({ outcome });
    if (outcome === "applied")
      logger.info({ file, ...details }, "routing document taken up");
    else if (outcome === "refused")
      logger.error(
        { file, ...details },
        "routing document refused; the last good one stays in force",
      );
    else
      logger.warn(
        { file, ...details },
        "routing document has gone; the last good one stays in force",
      );
  }

  #tellListeners(): void {
    for (const listener of this.#listeners)
      try {
        listener(this.#table);
      } catch (error) {
        this.#options.logger.error(
          { err: error },
          "a listener failed on a new routing document",
        );
      }
  }
}

/** What came of a change on disk. */
type ReloadOutcome = "applied" | "refused" | "missing";

function reloadCounter(metrics: Metrics) {
  const counter = metrics.counter(
    "easymo_routing_reloads_total",
    "Changes of the routing document, by what came of them",
    ["outcome"],
  );
  for (const outcome of ["applied", "refused", "missing"] as const)
    counter.inc({ outcome }, 0);
  return counter;
}

type Found =
  | { kind: "text"; text: string; hash: string }
  | { kind: "unreadable"; reason: string; hash: string };

async function read(file: string): Promise<Found> {
  try {
    const text = await readFile(file, "utf8");
    const hash = createHash("sha256").update(text).digest("hex");
    return { kind: "text", text, hash };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "unreadable", reason, hash: `unreadable: ${reason}` };
  }
}
