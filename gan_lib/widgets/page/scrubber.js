/* The training scrubber: one slider over the moments of a training; samples, figures and curves follow. */

function scrubTraining(root, spec) {
  const picture = element("img", { class: "gan-samples" });
  const figures = element("output", { class: "gan-figures" });
  const range = element("input", { type: "range", min: 0, max: spec.moments.length - 1, step: 1, value: 0 });
  range.setAttribute("aria-label", "moment of the training");
  const marker = svg("line", { class: "gan-marker", y1: 0, y2: 100, "vector-effect": "non-scaling-stroke" });
  const last = spec.moments[spec.moments.length - 1].step;
  const x = (step) => (step / last) * 298 + 1; // a little inside, so that the marker is seen at both ends

  function curve(name) {
    const points = spec.history[name].map((value, i) => `${x(spec.history.step[i]).toFixed(1)},${(100 * (1 - value)).toFixed(1)}`);
    return svg("polyline", { class: `gan-${name}`, points: points.join(" "), "vector-effect": "non-scaling-stroke" });
  }

  function show() {
    const moment = spec.moments[range.valueAsNumber];
    picture.src = "data:image/png;base64," + moment.png;
    picture.alt = `The pictures of 32 fixed z after ${moment.step.toLocaleString("en")} updates`;
    range.setAttribute("aria-valuetext", `${moment.step.toLocaleString("en")} updates`);
    figures.textContent = moment.text;
    marker.setAttribute("x1", x(moment.step));
    marker.setAttribute("x2", x(moment.step));
  }

  range.addEventListener("input", show);
  root.append(
    picture,
    element("label", { class: "gan-wide" }, "training", range),
    figures,
    element("div", { class: "gan-curves" },
      svg("svg", { viewBox: "0 0 300 100", preserveAspectRatio: "none", role: "img", "aria-label": spec.curves },
        curve("d_real"), curve("d_fake"), marker),
      element("p", {},
        element("span", { class: "gan-key gan-d_real" }, "D(real)"), " and ",
        element("span", { class: "gan-key gan-d_fake" }, "D(fake)"), " from 0 (bottom) to 1 (top), over all updates")));
  show();
}
