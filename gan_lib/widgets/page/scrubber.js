/* The training scrubber: one slider over the moments of one or several trainings. */

const SHOWS = {
  /* A sheet of pictures. */
  pictures(panel, spec) {
    const image = element("img", { class: "gan-samples" });
    return { node: image, show(moment, alt) { image.src = `data:image/png;base64,${moment.png}`; image.alt = alt; } };
  },
  /* D's field, blue where it says real, orange where it says fake; the data as rings, the generated points on top. */
  plane(panel, spec) {
    const size = 280, canvas = element("canvas", { class: "gan-plane", role: "img", width: size, height: size });
    const small = element("canvas", { width: spec.side, height: spec.side });
    const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const points = (text) => new Int8Array(bytes(text).buffer), real = points(panel.moments[0].real);
    const place = (v) => ((v / 127 + 1) / 2) * size;
    function dots(context, list, radius, paintDot) {
      for (let i = 0; i < list.length; i += 2) {
        context.beginPath();
        context.arc(place(list[i]), size - place(list[i + 1]), radius, 0, 7);
        paintDot();
      }
    }
    function show(moment, alt) {
      const field = bytes(moment.field), picture = new ImageData(spec.side, spec.side), context = canvas.getContext("2d");
      field.forEach((v, i) => picture.data.set([209 - 0.65 * v, 150 - 0.1 * v, 90 + 0.5 * v, 255], 4 * i));
      small.getContext("2d").putImageData(picture, 0, 0);
      context.drawImage(small, 0, 0, size, size);
      context.strokeStyle = "#fff";
      context.fillStyle = "#000";
      dots(context, real, 2.5, () => context.stroke());
      dots(context, points(moment.points), 2, () => context.fill());
      canvas.setAttribute("aria-label", alt);
    }
    return { node: canvas, show };
  },
};

/* Trainings of different length are compared by the part that is done: the same slider, each at its own update. */
function scrubTraining(root, spec) {
  const end = (panel) => panel.moments[panel.moments.length - 1].step, count = (step) => `${step.toLocaleString("en")} updates`;
  const parts = [...new Set(spec.panels.flatMap((panel) => panel.moments.map((m) => m.step / end(panel))))].sort((a, b) => a - b);
  const range = element("input", { type: "range", min: 0, max: parts.length - 1, step: 1, value: 0, "aria-label": "moment of the training" });
  const panels = spec.panels.map((panel) => {
    const view = SHOWS[panel.kind](panel, spec), figures = element("output", { class: "gan-figures" }), curves = drawCurves(panel, end(panel));
    const node = element("div", { class: "gan-panel" },
      ...(panel.title ? [element("p", { class: "gan-title" }, panel.title)] : []), view.node, figures, curves.node);
    return { node, at(part) {
      const moment = panel.moments.findLast((m) => m.step / end(panel) <= part) || panel.moments[0];
      view.show(moment, `${panel.title ? `${panel.title}: ` : ""}${spec.what} after ${count(moment.step)}`);
      figures.textContent = moment.text;
      curves.mark(moment.step);
      return moment.step;
    } };
  });

  function show() {
    const part = parts[range.valueAsNumber], steps = panels.map((panel) => panel.at(part));
    range.setAttribute("aria-valuetext", panels.length === 1 ? count(steps[0]) : `${Math.round(100 * part)} percent of each training`);
  }

  range.addEventListener("input", show);
  root.append(element("label", { class: "gan-wide" }, "training", range), element("div", { class: "gan-columns" }, ...panels.map((p) => p.node)));
  show();
}

/* D(real) and D(fake), or the critic's values, over the updates; and both losses below. */
function drawCurves(panel, last) {
  const x = (step) => (step / last) * 298 + 1; // a little inside, so that the marker is seen at both ends
  const who = panel.probability ? "D" : "critic", markers = [];

  function chart(names, low, high, words) {
    const y = (value) => 100 * (1 - (value - low) / (high - low));
    const lines = names.map((name) => svg("polyline", { class: `gan-${name}`, "vector-effect": "non-scaling-stroke",
      points: panel.history[name].map((v, i) => `${x(panel.history.step[i]).toFixed(1)},${y(v).toFixed(1)}`).join(" ") }));
    const marker = svg("line", { class: "gan-marker", y1: 0, y2: 100, "vector-effect": "non-scaling-stroke" });
    markers.push(marker);
    const said = `${words.join(" and ")} from ${+low.toPrecision(2)} (bottom) to ${+high.toPrecision(2)} (top), over all updates`;
    return element("div", { class: "gan-curves" },
      svg("svg", { viewBox: "0 0 300 100", preserveAspectRatio: "none", role: "img", "aria-label": said }, ...lines, marker),
      element("p", {}, element("span", { class: `gan-key gan-${names[0]}` }, words[0]), " and ",
        element("span", { class: `gan-key gan-${names[1]}` }, words[1]), said.slice(words.join(" and ").length)));
  }

  function limits(names) {
    const all = names.flatMap((name) => panel.history[name]);
    const low = Math.min(0, ...all), high = Math.max(...all);
    return high > low ? [low, high] : [low, low + 1];
  }

  const values = ["d_real", "d_fake"], losses = ["d_loss", "g_loss"];
  const node = element("div", {},
    chart(values, ...(panel.probability ? [0, 1] : limits(values)), [`${who}(real)`, `${who}(fake)`]),
    chart(losses, ...limits(losses), [`loss of ${who}`, "loss of G"]));
  return { node, mark(step) { for (const marker of markers) { marker.setAttribute("x1", x(step)); marker.setAttribute("x2", x(step)); } } };
}

mount("scrubber", scrubTraining);
