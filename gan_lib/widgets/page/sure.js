/* How sure is D? Its answer to a fake under a slider, and how hard each loss of G pulls that answer up. */

const probabilityOf = (logit) => 1 / (1 + Math.exp(-logit));
const PULLS = [ // name, colour, minus the slope of the loss at the logit
  ["log(1 − D)", "#2b7bb9", probabilityOf],
  ["−log D", "#d1602f", (logit) => probabilityOf(-logit)],
  ["−f, of a critic", "#4d9a51", () => 1],
];
const SUREST = 7, ARROW_OF_1 = 80, SURE_STEP = 0.5; // the logit at both ends, pixels, the rate of a descent
const logitAt = (logit) => 145 + (125 / SUREST) * Math.max(-SUREST, Math.min(SUREST, logit));

function howSure(root, spec) {
  const at = PULLS.map(() => 0); // where each loss has brought the fake
  let steps = 0;
  const range = { type: "range", min: -SUREST, max: SUREST, step: 0.1, "aria-label": "D’s logit on the fake" };
  const slider = element("input", range);
  const value = element("output"), told = element("p", { role: "status" });
  const picture = svg("svg", { viewBox: "0 0 360 164", role: "img", style: "display: block; width: 100%" });
  const begin = () => { steps = 0; at.fill(slider.valueAsNumber); show(); };
  slider.value = spec.logit;
  slider.addEventListener("input", begin);

  function show() {
    const pulls = PULLS.map(([, , pull], i) => pull(at[i])), logit = slider.valueAsNumber;
    const each = (words) => PULLS.map(([name], i) => words(name, i)).join(", ");
    value.textContent = shortNumber(logit);
    slider.setAttribute("aria-valuetext", `logit ${value.textContent}, D = ${shortNumber(probabilityOf(logit))}`);
    picture.replaceChildren(...PULLS.flatMap((loss, i) => pullRow(loss, at[i], pulls[i], 44 * i)), ...sureAxis());
    picture.setAttribute("aria-label", `arrows: ${each((name, i) => `${name} ${shortNumber(pulls[i])}`)}`);
    const brought = each((name, i) => `D = ${shortNumber(probabilityOf(at[i]))} by ${name}`);
    told.textContent = steps ? `After ${steps} steps: ${brought}.` : comparedPulls(logit, ...pulls);
  }

  root.append(
    element("p", {}, "Slide to the left: D grows sure that the sample is a fake. Which arrow dies? Then take steps."),
    element("div", { class: "gan-panel gan-sliders" },
      picture, element("label", {}, element("span", {}, "D’s logit"), slider, value)),
    element("div", { class: "gan-buttons" },
      button("D = 0.01", () => { slider.value = -4.6; begin(); }),
      button("Ten steps", () => {
        for (let k = 0; k < 10; k++, steps++) PULLS.forEach(([, , pull], i) => { at[i] += SURE_STEP * pull(at[i]); });
        show();
      }),
      button("Back", begin)),
    told);
  begin();
}

/* The loss's name, its arrow as long as its pull, and the number. */
function pullRow([name, colour], logit, pull, top) {
  const x = logitAt(logit), y = top + 28, long = ARROW_OF_1 * pull, tip = Math.min(7, long);
  return [
    svg("text", { x: 4, y: top + 13, "font-size": 13, fill: "currentColor" }, `${name}: ${shortNumber(pull)}`),
    svg("line", { x1: 12, x2: 352, y1: y, y2: y, stroke: "currentColor", "stroke-opacity": 0.25 }),
    svg("circle", { cx: x, cy: y, r: 4, fill: colour }),
    svg("path", { d: `M${x} ${y}h${long - tip}`, stroke: colour, "stroke-width": 5 }),
    svg("path", { d: `M${x + long} ${y}l${-tip} ${-tip}v${2 * tip}z`, fill: colour }),
  ];
}

function sureAxis() {
  const style = { y: 156, "text-anchor": "middle", "font-size": 12, fill: "currentColor" };
  const word = (x, text) => svg("text", { x, ...style }, text);
  return [word(12, "D ="), ...[0.01, 0.1, 0.5, 0.9, 0.99].map((d) => word(logitAt(Math.log(d / (1 - d))), d))];
}

function comparedPulls(logit, saturating, other) {
  const ratio = other / saturating, more = ratio > 1 ? ratio : 1 / ratio;
  const [weaker, stronger] = ratio > 1 ? ["log(1 − D)", "−log D"] : ["−log D", "log(1 − D)"];
  const who = more < 1.05 ? "both pull alike" : `${stronger} pulls ${shortNumber(more)} times as hard as ${weaker}`;
  return `D = ${shortNumber(probabilityOf(logit))}: ${who}. The critic’s arrow is always 1.`;
}

/* With two digits that count; of what is nearly 1, those of what is missing. */
function shortNumber(value) {
  const short = value > 0.9 && value < 1 ? 1 - +(1 - value).toPrecision(2) : +value.toPrecision(2);
  return String(+short.toFixed(6)).replace("-", "−");
}

mount("sure", howSure);
