/* A figure under one or two sliders: frames drawn by matplotlib, of which only the moving parts are exchanged. */

const MOVES = {
  d: (node, look) => node.setAttribute("d", look),
  text: (node, look) => { node.textContent = look; },
  inside: (node, look) => { node.innerHTML = look; },
};

function exploreFrames(root, spec) {
  const drawing = element("div", { class: "gan-frame", role: "img" });
  drawing.innerHTML = spec.svg;
  const parts = [...drawing.querySelectorAll("[data-part]")], shown = parts.map(() => -1);
  const sliders = spec.sliders.map(({ name, values, at }) => {
    const range = element("input", { type: "range", min: 0, max: values.length - 1, step: 1, "aria-label": name });
    range.value = at ?? Math.floor(values.length / 2);
    const output = element("output");
    range.addEventListener("input", show);
    return { name, values, range, output, row: element("label", {}, element("code", {}, name), range, output) };
  });

  function show() {
    let frame = 0, alt = spec.alt;
    for (const { name, values, range, output } of sliders) {
      const value = values[range.valueAsNumber];
      frame = frame * values.length + range.valueAsNumber;
      output.textContent = value;
      range.setAttribute("aria-valuetext", value);
      alt = alt.replaceAll(`{${name}}`, value);
    }
    drawing.setAttribute("aria-label", alt);
    spec.frames[frame].forEach((look, i) => {
      if (shown[i] !== look) MOVES[parts[i].dataset.moves](parts[i], spec.looks[look]);
      shown[i] = look;
    });
  }

  const scroll = element("div", { class: "gan-scroll", tabindex: 0, role: "group", "aria-label": "figure" }, drawing);
  root.append(scroll, element("div", { class: "gan-sliders" }, ...sliders.map((s) => s.row)));
  show();
}

mount("explore", exploreFrames);
