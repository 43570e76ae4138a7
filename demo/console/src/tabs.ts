/** Tabs as the ARIA practices have them: arrows move, one is shown. */
export function wireTabs(onShow: (id: string) => void): void {
  const tabs = [...document.querySelectorAll<HTMLElement>("[role=tab]")];
  const select = (chosen: HTMLElement) => {
    for (const tab of tabs) {
      const selected = tab === chosen;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      const panel = tab.getAttribute("aria-controls") ?? "";
      document.getElementById(panel)?.toggleAttribute("hidden", !selected);
    }
    onShow(chosen.id);
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      const next = tabs.at((index + step) % tabs.length);
      if (next === undefined) return;
      event.preventDefault();
      select(next);
      next.focus();
    });
  });
}
