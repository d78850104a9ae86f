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
 * body, at once or as a promise; until then, and if it fails, the picture stays. `make.wanted` may call for a figure.
 * What can be read comes first: nothing of this starts before the page has loaded. A figure hears that it is "alive". */
function mount(kind, make) {
  if (document.readyState !== "complete") return void addEventListener("load", () => mount(kind, make));
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((e) => e.isIntersecting)) {
      near.unobserve(entry.target);
      enliven(entry.target, make);
    }
  }, { rootMargin: "100px" });
  for (const figure of document.querySelectorAll(`.gan-widget[data-kind="${kind}"]:not([data-alive])`)) {
    figure.setAttribute("data-alive", "waiting");
    near.observe(figure);
    if (make.wanted?.(figure)) figure.scrollIntoView({ block: "center" });
  }
}

/* What a file of the book's _static holds: one call, ganFile("name", content). A page from disk may fetch nothing else than
 * such a script; from a server the content alone is read, because to compile megabytes takes a phone half a second. */
async function besideThePage(folder, name, what) {
  const root = document.documentElement.dataset.content_root, address = `${root}_static/${folder}/${name}.js`;
  if (root === undefined) throw new Error(`its ${what} lie beside the book's pages, and this is another page`);
  const asked = location.protocol.startsWith("http") ? byText(address) : byScript(name, address);
  const content = await asked.catch(() => {
    throw new Error(`its ${what} are missing or of another version; build the book again (${address})`);
  });
  if (content === undefined) throw new Error(`its ${what} are damaged; build the book again (${address})`);
  return content;
}

/* Both reject where there is no such file; undefined: it is damaged. */
async function byScript(name, address) {
  const files = (window.ganFiles ??= new Map());
  window.ganFile ??= (name, content) => files.set(name, content);
  await new Promise((resolve, reject) => {
    const script = element("script", { src: address });
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
  const content = files.get(name);
  files.delete(name); // whoever asked has it now
  return content;
}

async function byText(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(answer.statusText);
  const text = await answer.text();
  try {
    return JSON.parse(text.slice(text.indexOf(",") + 1, text.lastIndexOf(")")));
  } catch {
    return undefined;
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
    const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    await make(body, data.beside ? await besideThePage("figures", data.beside, "data") : data, figure);
    figure.querySelector(".gan-poster").replaceWith(body);
    figure.setAttribute("data-alive", "yes");
    figure.dispatchEvent(new Event("alive"));
  } catch (error) {
    figure.append(element("p", { role: "alert" }, `This figure could not come alive: ${error.message}. The picture stays.`));
    figure.setAttribute("data-alive", "no");
  }
  clearTimeout(soon);
  note.remove();
}
