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
