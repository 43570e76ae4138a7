/** Tabs as the ARIA practices have them: arrows move, one is shown. */
export class Tabs {
  readonly #tabs: readonly HTMLElement[];
  readonly #onShow: (id: string) => void;

  constructor(list: HTMLElement, onShow: (id: string) => void) {
    this.#tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
    this.#onShow = onShow;
    this.#tabs.forEach((tab, index) => {
      tab.addEventListener("click", () => this.show(tab.id));
      tab.addEventListener("keydown", (event) => this.#move(event, index));
    });
  }

  /** The id of the tab that is shown. */
  get shown(): string {
    const isShown = (tab: HTMLElement) =>
      tab.getAttribute("aria-selected") === "true";
    return this.#tabs.find(isShown)?.id ?? "";
  }

  show(id: string): void {
    for (const tab of this.#tabs) {
      const selected = tab.id === id;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      const panel = tab.getAttribute("aria-controls") ?? "";
      document.getElementById(panel)?.toggleAttribute("hidden", !selected);
    }
    this.#onShow(id);
  }

  #move(event: KeyboardEvent, index: number): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = this.#tabs.at((index + step) % this.#tabs.length);
    if (next === undefined) return;
    event.preventDefault();
    this.show(next.id);
    next.focus();
  }
}
