/* For screen readers: the theme leaves the sidebar outside every landmark, and gives references a role of the past. */
addEventListener("DOMContentLoaded", () => {
  const sidebar = document.querySelector(".bd-sidebar-primary");
  sidebar?.setAttribute("role", "complementary");
  sidebar?.setAttribute("aria-label", "chapters");
  for (const reference of document.querySelectorAll('[role="doc-biblioentry"]')) reference.setAttribute("role", "listitem");
});
