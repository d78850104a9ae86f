/* For screen readers: the theme leaves the sidebar outside every landmark, and gives references a role of the past. */
addEventListener("DOMContentLoaded", () => {
  const sidebar = document.querySelector(".bd-sidebar-primary");
  sidebar?.setAttribute("role", "complementary");
  sidebar?.setAttribute("aria-label", "chapters");
  for (const reference of document.querySelectorAll('[role="doc-biblioentry"]')) reference.setAttribute("role", "listitem");
});
/* Paper is white, whatever the screen is. */
let onScreen;
addEventListener("beforeprint", () => {
  onScreen = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
addEventListener("afterprint", () => { document.documentElement.dataset.theme = onScreen; });
/* A long page starts sooner if its sections are laid out one by one, afterwards; all are before a reader can have scrolled
 * far, so that nothing jumps then. Where an address leads into the page, its place must be known at once. */
const layOut = (sections, wait) => {
  sections.shift()?.classList.add("laid-out");
  if (sections.length) wait(() => layOut(sections, wait));
};
addEventListener(location.hash ? "DOMContentLoaded" : "load", () => {
  const later = window.requestIdleCallback ?? ((next) => setTimeout(next, 50)); // Safari has only the second
  layOut([...document.querySelectorAll(".bd-article section > section")], location.hash ? (next) => next() : later);
});
/* A table with many rows is sorted by a click on a column's head, and the other way round by the next one. */
const MANY_ROWS = 8;
const numberIn = (text) => parseFloat(text.replaceAll(",", "").replace(/^[^\d.-]+/, "")); // "1,234 px" is 1234
const inOrder = (a, b) => {
  const [x, y] = [numberIn(a), numberIn(b)];
  if (isNaN(x) && isNaN(y)) return a.localeCompare(b);
  return isNaN(x) ? 1 : isNaN(y) ? -1 : x - y;
};
const sortBy = (head) => {
  const down = head.ariaSort === "ascending";
  const body = head.closest("table").tBodies[0];
  const said = (row) => row.cells[head.cellIndex].firstChild?.data ?? "–"; // not what its dots say
  const [here, missing] = [[], []];
  for (const row of body.rows) (said(row) === "–" ? missing : here).push(row);
  here.sort((a, b) => inOrder(said(a), said(b)) * (down ? -1 : 1));
  for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
  head.ariaSort = down ? "descending" : "ascending";
  body.append(...here, ...missing);
};
addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".gan-table")) {
    if (table.tBodies[0].rows.length <= MANY_ROWS) continue;
    for (const head of table.tHead.querySelectorAll("th")) {
      const button = document.createElement("button");
      button.append(...head.childNodes);
      button.addEventListener("click", () => sortBy(head));
      head.append(button);
    }
  }
  /* One that is wider than the page is moved by the arrow keys. */
  const watch = new ResizeObserver((boxes) => {
    for (const { target } of boxes) target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
  });
  for (const box of document.querySelectorAll(".gan-table-box")) watch.observe(box);
});
