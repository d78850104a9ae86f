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

/* Every figure of this kind that still shows its picture comes alive; a failure says so and keeps the picture. */
function mount(kind, make) {
  for (const figure of document.querySelectorAll(`.gan-widget[data-kind="${kind}"]:not([data-alive])`)) {
    figure.setAttribute("data-alive", "");
    const body = element("div", { class: "gan-body" });
    try {
      make(body, JSON.parse(figure.querySelector('script[type="application/json"]').textContent));
      figure.querySelector(".gan-poster").replaceWith(body);
    } catch (error) {
      figure.append(element("p", { role: "alert" }, `This figure could not come alive (${error.message}); the picture stays.`));
    }
  }
}
