import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts, startProcess, until } from "@easymo/testbed";

/** An image registry of the run's own. */
export interface Registry {
  /** As image names begin: `localhost:port`. */
  readonly address: string;
  close(): Promise<void>;
}

/** Starts Distribution, the registry that Debian has as `docker-registry`, on this machine alone. */
export async function startRegistry(program: string): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), "easymo-e2e-registry-"));
  const [port = 0] = await freePorts(1);
  const data = join(folder, "data");
  await mkdir(data);
  const file = join(folder, "config.json");
  await writeFile(
    file,
    JSON.stringify({
      version: "0.1",
      log: { level: "error", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: data } },
      http: { addr: `127.0.0.1:${port}` },
    }),
  );
  const running = await startProcess(program, ["serve", file], {
    logFile: join(folder, "log"),
  });
  const close = async () => {
    await running.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until(() => answers(port), {
      what: "The registry's answer",
      timeoutMs: 30_000,
      everyMs: 100,
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { address: `localhost:${port}`, close };
}

function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/v2/`).then(
    ({ ok }) => ok,
    () => false,
  );
}
