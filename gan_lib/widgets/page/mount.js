/* Small helpers, and the hand-over from the still picture to the living widget. */

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function button(text, onClick) {
  const node = element("button", { type: "button" }, text);
  node.addEventListener("click", onClick);
  return node;
}

/* Every figure of this kind that still shows its picture comes alive when the reader comes near it. `make` fills the
 * body, at once or as a promise; until then, and if it fails, the picture stays. `make.wanted` may call for a figure. */
function mount(kind, make) {
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((e) => e.isIntersecting)) {
      near.unobserve(entry.target);
      enliven(entry.target, make);
    }
  }, { rootMargin: "300px" });
  for (const figure of document.querySelectorAll(`.gan-widget[data-kind="${kind}"]:not([data-alive])`)) {
    figure.setAttribute("data-alive", "waiting");
    near.observe(figure);
    if (make.wanted?.(figure)) addEventListener("load", () => figure.scrollIntoView({ block: "center" }));
  }
}

async function enliven(figure, make) {
  const body = element("div", { class: "gan-body" });
  body.addEventListener("keydown", (event) => { // JupyterLab would take an arrow or a letter for its own commands
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  });
  const note = element("p", { role: "status" }, "Coming alive …");
  const soon = setTimeout(() => figure.append(note), 200);
  try {
    await make(body, JSON.parse(figure.querySelector('script[type="application/json"]').textContent), figure);
    figure.querySelector(".gan-poster").replaceWith(body);
    figure.setAttribute("data-alive", "yes");
  } catch (error) {
    figure.append(element("p", { role: "alert" }, `This figure could not come alive: ${error.message}. The picture stays.`));
    figure.setAttribute("data-alive", "no");
  }
  clearTimeout(soon);
  note.remove();
}
