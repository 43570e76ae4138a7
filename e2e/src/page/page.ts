/** A section of a page, and the commands in it, in order. */
export interface Section {
  /** Empty before the first heading. */
  readonly title: string;
  readonly commands: readonly string[];
}

/** The sections of a Markdown page that have commands: blocks of the language `sh`. */
export function sectionsOf(markdown: string): Section[] {
  const sections: { title: string; commands: string[] }[] = [
    { title: "", commands: [] },
  ];
  let block: string[] | undefined;
  let isShell = false;
  for (const line of markdown.split("\n")) {
    const fence = /^```(\w*)\s*$/.exec(line);
    if (fence !== null) {
      if (block === undefined) {
        block = [];
        isShell = fence[1] === "sh";
      } else {
        if (isShell) sections.at(-1)?.commands.push(block.join("\n"));
        block = undefined;
      }
      continue;
    }
    if (block !== undefined) block.push(line);
    else if (line.startsWith("## "))
      sections.push({ title: line.slice(3).trim(), commands: [] });
  }
  if (block !== undefined) throw new Error("A block of the page has no end.");
  return sections.filter(({ commands }) => commands.length > 0);
}
