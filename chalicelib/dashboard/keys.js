// Keys that work wherever nothing is typed.

export const KEYS = [
  ["Ctrl K", "find a page, a job, a task, something to do"],
  ["/", "go to the first filter of the page"],
  ["?", "this list"],
  ["r", "look again now"],
  ["g, then o j w d s l t p c h n", "go to Overview, Jobs, Workflows, Dead, Schedules, Lanes, Tasks, Topics, Costs, Webhooks, Tenants"],
  ["j, k", "next and previous row of a table; Enter opens it"],
  ["← → ↑ ↓", "from step to step in a workflow's picture"],
  ["Esc", "leave a dialog; nothing is changed"],
];

export function onKeys({ signedIn, pages, find, help, refresh }) {
  let led = 0;
  addEventListener("keydown", (event) => {
    if (!signedIn()) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); find(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
    if (Date.now() - led < 1500) {
      led = 0;
      const page = pages.find((one) => one.letter === event.key);
      if (page) { event.preventDefault(); location.hash = `#/${page.id}`; return; }
    }
    if (event.key === "g") led = Date.now();
    else if (event.key === "?") { event.preventDefault(); help(); }
    else if (event.key === "r") refresh();
    else if (event.key === "/") { event.preventDefault(); document.querySelector("main input:not([type=checkbox]), main select")?.focus(); }
    else if (event.key === "j" || event.key === "k") row(event.key === "j" ? 1 : -1);
  });
}

function row(by) {
  const links = [...document.querySelectorAll("main tbody tr")].map((one) => one.querySelector("a")).filter(Boolean);
  const at = links.findIndex((one) => one.closest("tr").contains(document.activeElement));
  links[Math.min(links.length - 1, Math.max(0, at < 0 ? 0 : at + by))]?.focus();
}
