/* The latent explorer on a page: sliders over single dimensions of z, drawn by network.js. */

function exploreLatent(root, spec) {
  const draw = generator(spec.network), shape = spec.network.shape, size = spec.network.latent_dim;
  let seed, start, z, active;

  const picture = element("canvas", { class: "gan-picture", role: "img" });
  const strip = [-3, 0, 3].map((value) => ({ value, canvas: element("canvas", { role: "img" }) }));
  const sliders = element("div", { class: "gan-sliders" });
  const seedBox = element("input", { type: "number", min: 0, max: 4294967295, step: 1, value: spec.seed });
  const dimensionBox = element("input", { type: "number", min: 0, max: size - 1, step: 1, value: 0 });
  const message = element("span", { role: "status" });

  function redraw() {
    paint(picture, draw(z), shape);
    picture.setAttribute("aria-label", `The generator's picture of z from seed ${seed}, z[${active}] = ${z[active].toFixed(2)}`);
    for (const { value, canvas } of strip) {
      const other = z.slice();
      other[active] = value;
      paint(canvas, draw(other), shape);
      canvas.setAttribute("aria-label", `The same z with z[${active}] = ${value}`);
    }
    const title = `z[${active}] at −3, 0, 3`;
    if (stripTitle.textContent !== title) stripTitle.textContent = title;
  }

  function addSlider(k) {
    const range = element("input", { type: "range", min: -3, max: 3, step: 0.05, "data-k": k });
    const value = element("output");
    range.setAttribute("aria-label", `latent dimension ${k}`);
    range.addEventListener("input", () => {
      active = k;
      z[k] = range.valueAsNumber;
      value.textContent = z[k].toFixed(2);
      redraw();
    });
    range.addEventListener("focus", () => { active = k; redraw(); });
    range.show = () => { range.value = z[k]; value.textContent = z[k].toFixed(2); };
    sliders.append(element("label", {}, element("code", {}, `z[${k}]`), range, value));
    return range;
  }

  function showAll() {
    for (const range of sliders.querySelectorAll("input")) range.show();
    redraw();
  }

  function fromSeed(value) {
    if (!Number.isInteger(value) || value < 0 || value > 4294967295) {
      message.textContent = `Seed ${value} is not possible; type a whole number from 0 to 4294967295.`;
      return;
    }
    message.textContent = "";
    seed = value;
    seedBox.value = seed;
    start = normals(seed, size);
    z = start.slice();
    showAll();
  }

  function addDimension() {
    const k = dimensionBox.valueAsNumber;
    if (!Number.isInteger(k) || k < 0 || k >= size) {
      message.textContent = `Latent dimension ${dimensionBox.value} does not exist; z has ${size}, counted from 0 to ${size - 1}.`;
      return;
    }
    message.textContent = "";
    active = k;
    const there = sliders.querySelector(`[data-k="${k}"]`) || addSlider(k);
    there.show();
    there.focus();
  }

  seedBox.addEventListener("change", () => fromSeed(seedBox.valueAsNumber));
  const stripTitle = element("p");
  active = spec.dims[0];
  spec.dims.forEach(addSlider);
  root.append(
    element("div", { class: "gan-columns" },
      element("div", {}, picture,
        element("div", { class: "gan-strip" }, ...strip.map((s) => s.canvas), stripTitle)),
      element("div", { class: "gan-controls" }, sliders,
        element("div", { class: "gan-buttons" },
          button("New z", () => fromSeed(Math.floor(Math.random() * 1e6))),
          element("label", {}, "seed", seedBox),
          button("Reset", () => { z = start.slice(); showAll(); })),
        element("div", { class: "gan-buttons" },
          element("label", {}, "dimension", dimensionBox), button("Add slider", addDimension)),
        message)));
  fromSeed(spec.seed);
}
