import type { ServiceKit, Timer } from "@easymo/service-kit";
import {
  DatabaseUnavailableError,
  isConnectionFailure,
} from "./database/errors.js";
import { migrate } from "./database/migrate.js";
import type { Database } from "./database/port.js";
import { forgetOldKeys } from "./http/idempotency.js";

const retryMs = 1_000;
const tidyEveryMs = 60 * 60 * 1_000;

/** The database from the service's start to its end: opened, migrated, tidied, closed. */
export class DatabaseLife {
  readonly #database: Database;
  readonly #kit: ServiceKit;
  #timer: Timer | undefined;
  #wake: (() => void) | undefined;
  #migrated = false;
  #stopped = false;

  constructor({ database, kit }: { database: Database; kit: ServiceKit }) {
    this.#database = database;
    this.#kit = kit;
  }

  /** Resolves when the schema is up to date. A server that is not there yet is waited for. */
  async start(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#openAndMigrate();
        this.#scheduleTidying();
        return;
      } catch (error) {
        if (!isConnectionFailure(error)) throw error;
        this.#kit.logger.warn(
          { err: error, retryMs },
          "the database does not answer; trying again",
        );
      }
      await this.#pause();
    }
  }

  /** Ends a start that still waits. */
  stopTrying(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#wake?.();
  }

  /** For readiness: rejects until the schema is up to date, and while the database does not answer. */
  async check(): Promise<void> {
    if (!this.#migrated)
      throw new DatabaseUnavailableError("the schema is not up to date yet");
    await this.#database.check();
  }

  async close(): Promise<void> {
    this.stopTrying();
    await this.#database.close();
  }

  async #openAndMigrate(): Promise<void> {
    const { clock, logger } = this.#kit;
    await this.#database.open();
    const applied = await migrate(this.#database, { nowMs: clock.now() });
    this.#migrated = true;
    logger.info({ applied }, "the database's schema is up to date");
  }

  #pause(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#timer = this.#kit.clock.setTimeout(resolve, retryMs);
    });
  }

  #scheduleTidying(): void {
    if (this.#stopped) return;
    this.#timer = this.#kit.clock.setTimeout(() => {
      void this.#tidy().finally(() => this.#scheduleTidying());
    }, tidyEveryMs);
  }

  async #tidy(): Promise<void> {
    const { clock, logger } = this.#kit;
    try {
      const forgotten = await forgetOldKeys(this.#database, clock.now());
      logger.info({ forgotten }, "old idempotency keys forgotten");
    } catch (error) {
      logger.warn(
        { err: error },
        "old idempotency keys could not be forgotten",
      );
    }
  }
}
