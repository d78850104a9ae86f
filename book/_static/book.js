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
