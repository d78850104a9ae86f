/* The latent explorer on a page: sliders over single dimensions of z, one or several generators under them. */

async function exploreLatent(root, spec, figure) {
  const engines = await Promise.all(spec.generators.map(({ network }) => openGenerator(network)));
  const size = spec.generators[0].network.latent_dim, classes = spec.classes;
  let seed, start, z, active = spec.dims[0], label = spec.label, painted = null, pinned = null, ownLink = false;
  const views = spec.generators.map((generator, i) => latentView(generator, engines[i]));

  const sliders = element("div", { class: "gan-sliders" });
  const seedBox = element("input", { type: "number", min: 0, max: 4294967295, step: 1 });
  const dimensionBox = element("input", { type: "number", min: 0, max: size - 1, step: 1, value: 0 });
  const labelBox = element("select", { "aria-label": "label" }, ...(classes || []).map((name, i) => element("option", { value: i }, name)));
  const message = element("span", { role: "status" });
  const back = button("Back to the pin", () => {
    say("");
    ({ seed, start, label } = pinned);
    z = pinned.z.slice();
    showAll();
  });
  back.disabled = true;

  /* The newest wish only: while a picture is being computed, older wishes are dropped. What is slow comes after. */
  let busy = false, wishes = 0;
  async function redraw() {
    wishes++;
    if (busy) return;
    busy = true;
    for (let seen = -1; seen !== wishes;) {
      seen = wishes;
      try {
        await drawNow(() => seen === wishes);
      } catch (error) {
        if (!painted) failed(error);
        say(`The generator stopped: ${error.message}. Load the page again.`);
      }
    }
    busy = false;
  }

  async function drawNow(stillWanted) {
    const now = { seed, start, z: z.slice(), label, active, title: describe() };
    await Promise.all(views.map((view) => view.draw(now)));
    painted = now;
    root.dispatchEvent(new CustomEvent("drawn", { bubbles: true }));
    for (const slow of [(v) => v.drawStrip(now), ...Array(EFFECT_PARTS).fill((v) => v.drawEffect(now))]) {
      if (!stillWanted()) return;
      await Promise.all(views.map(slow));
      await new Promise((resolve) => setTimeout(resolve)); // let the page breathe
    }
  }

  const say = (text) => { message.textContent = text; };
  const describe = () => `z from seed ${seed}, z[${active}] = ${z[active].toFixed(2)}` + (classes ? `, label ${classes[label]}` : "");
  const ranges = () => [...sliders.querySelectorAll("input")];

  function addSlider(k) {
    const range = element("input", { type: "range", min: -3, max: 3, step: 0.05, "data-k": k, "aria-label": `latent dimension ${k}` });
    const value = element("output");
    range.addEventListener("input", () => {
      say("");
      active = k;
      z[k] = range.valueAsNumber;
      value.textContent = z[k].toFixed(2);
      redraw();
    });
    range.addEventListener("focus", () => { if (active !== k) { active = k; redraw(); } });
    range.show = () => { range.value = z[k]; value.textContent = z[k].toFixed(2); };
    sliders.append(element("label", {}, element("code", {}, `z[${k}]`), range, value));
    return range;
  }

  function showAll() {
    seedBox.value = seed;
    labelBox.value = label;
    for (const range of ranges()) range.show();
    redraw();
  }

  function fromSeed(value) {
    if (!isSeed(value)) {
      say(`Seed ${value} is not possible; type a whole number from 0 to 4294967295.`);
      return;
    }
    say("");
    seed = value;
    start = normals(seed, size);
    z = start.slice();
    showAll();
  }

  function addDimension() {
    const k = dimensionBox.valueAsNumber;
    if (!Number.isInteger(k) || k < 0 || k >= size) {
      say(`Latent dimension ${dimensionBox.value} does not exist; z has ${size}, counted from 0 to ${size - 1}.`);
      return;
    }
    say("");
    active = k;
    const there = sliders.querySelector(`[data-k="${k}"]`) || addSlider(k);
    there.show();
    there.focus();
    redraw();
  }

  function pin() {
    pinned = painted; // what is seen, also while the next picture is being computed
    back.disabled = false;
    for (const view of views) view.pin(pinned.title);
  }

  function link() {
    const moved = [...z.keys()].filter((k) => z[k] !== start[k]).map((k) => `${k}:${+z[k].toFixed(4)}`);
    const parts = [`seed:${seed}`, ...moved, ...(classes ? [`label:${label}`] : [])];
    const number = latentFigures().indexOf(figure) + 1;
    const hash = "#z=" + [...parts, ...(number > 1 ? [`figure:${number}`] : [])].join(",");
    ownLink = location.hash !== hash;
    location.hash = hash;
    say("The address of this page now shows this picture; copy it.");
  }

  function fromLink() {
    const asked = ownLink ? null : readLink(size, classes ? classes.length : 0);
    ownLink = false;
    if (!asked || asked.figure !== latentFigures().indexOf(figure) + 1) return;
    fromSeed(asked.seed);
    label = asked.label ?? label;
    for (const [k, value] of asked.moved) {
      z[k] = value;
      if (!sliders.querySelector(`[data-k="${k}"]`)) addSlider(k);
      active = k;
    }
    showAll();
    say(asked.problem);
  }

  seedBox.addEventListener("change", () => fromSeed(seedBox.valueAsNumber));
  labelBox.addEventListener("change", () => { say(""); label = +labelBox.value; redraw(); });
  addEventListener("hashchange", fromLink);
  spec.dims.forEach(addSlider);
  const row = (...children) => element("div", { class: "gan-buttons" }, ...children);
  root.append(
    element("div", { class: "gan-columns" },
      ...views.map((view) => view.head),
      element("div", { class: "gan-controls" }, sliders,
        ...(classes ? [row(element("label", {}, "label", labelBox))] : []),
        row(button("New z", () => fromSeed(Math.floor(Math.random() * 1e6))), element("label", {}, "seed", seedBox),
          button("Reset", () => { z = start.slice(); showAll(); })),
        row(element("label", {}, "dimension", dimensionBox), button("Add slider", addDimension)),
        row(button("Pin", pin), back, button("Link", link)),
        message)),
    element("div", { class: "gan-columns" }, ...views.map((view) => view.foot)));
  let failed;
  const first = new Promise((resolve, reject) => {
    failed = reject;
    root.addEventListener("drawn", resolve, { once: true });
  });
  fromSeed(spec.seed);
  fromLink();
  await first; // until then the still picture is shown
}

/* A link to a figure that the reader has not reached yet takes them there. */
addEventListener("hashchange", () => {
  const asked = readLink(Infinity, Infinity);
  if (asked) latentFigures()[asked.figure - 1]?.scrollIntoView({ block: "center" });
});
exploreLatent.wanted = (figure) => readLink(Infinity, Infinity)?.figure === latentFigures().indexOf(figure) + 1;

const latentFigures = () => [...document.querySelectorAll('.gan-widget[data-kind="latent"]')];
const isSeed = (value) => Number.isInteger(value) && value >= 0 && value <= 4294967295;

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch { // a stray %
    return text;
  }
}

/* "#z=seed:2,5:1.5,label:3,figure:2", in any order → what it asks for; null where there is none. Parts that cannot
 * be followed are left out and named in `problem`. */
function readLink(size, classes) {
  if (!location.hash.startsWith("#z=")) return null;
  const asked = { seed: 0, label: undefined, figure: 1, moved: new Map(), problem: "" }, wrong = [];
  for (const part of location.hash.slice(3).split(",").filter(Boolean).map(decoded)) {
    const [, key, text] = /^([a-z]+|\d+):(-?\d*\.?\d+)$/.exec(part) || [], value = Number(text), k = Number(key);
    if (key === "seed" && isSeed(value)) asked.seed = value;
    else if (key === "figure" && latentFigures()[value - 1]) asked.figure = value;
    else if (key === "label" && Number.isInteger(value) && value >= 0 && value < classes) asked.label = value;
    else if (key && Number.isInteger(k) && k < size && Math.abs(value) <= 10) asked.moved.set(k, value);
    else wrong.push(part);
  }
  if (wrong.length) asked.problem = `The link asks for ${wrong.join(", ")}, which is not possible here; the rest is shown.`;
  return asked;
}
