import { readFileSync } from "node:fs";
import { join } from "node:path";

/** `<!-- part: name -->`, on a line of its own. */
const PLACE = /^[ \t]*<!-- part: ([a-z-]+) -->$/gm;

/** The page, put together from `index.html` and its parts. */
export function composePage(folder: string): string {
  const read = (path: string) => readFileSync(join(folder, path), "utf8");
  return read("index.html").replace(PLACE, (_place, name: string) =>
    read(`parts/${name}.html`),
  );
}
