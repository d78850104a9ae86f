/* The game V = x · y: sixty steps from where the reader puts the start, and how far from (0, 0) they lead. */

const XY_STEPS = 60, XY_EDGE = 300, XY_START = 200; // hundredths: to the picture's edge, and as far as the start may go
const XY_WAYS = [["both at once", "#d1602f"], ["in turns", "#2b7bb9"]]; // name, colour

/* As chapters/xy.py walks: [x, y] before the first step and after each. */
function walkXY([x, y], rate, damping, inTurns) {
  const places = [[x, y]];
  for (let k = 0; k < XY_STEPS; k++) {
    const seen = x;
    x -= rate * y;
    y += rate * ((inTurns ? x : seen) - damping * y);
    places.push([x, y]);
  }
  return places;
}

function playXY(root, spec) {
  const slide = (name, min, max, value) => {
    const slider = element("input", { type: "range", "aria-label": name, min, max, step: 0.01, value });
    const output = element("output");
    slider.addEventListener("input", show);
    return { slider, output, row: element("label", {}, element("span", {}, name), slider, output) };
  };
  const rate = slide("rate η", 0.01, 0.5, spec.rate), damping = slide("damping γ", 0, 2, spec.damping);
  const ways = XY_WAYS.map(([name]) => element("option", {}, name));
  const turns = element("select", { "aria-label": "who steps" }, ...ways);
  const { picture, line, dots, start } = drawXY();
  const board = element("div", { class: "gan-board", tabindex: 0, role: "group" }, picture);
  const told = element("p", { role: "status" });
  let place; // of the start, in hundredths

  function move(to) {
    place = to.map((v) => Math.max(-XY_START, Math.min(XY_START, Math.round(v))));
    show();
  }

  function show() {
    const way = turns.selectedIndex, [name, colour] = XY_WAYS[way], from = place.map((v) => v / 100);
    const places = walkXY(from, rate.slider.valueAsNumber, damping.slider.valueAsNumber, way);
    const points = places.map(([x, y]) => `${(100 * x).toFixed(1)} ${(-100 * y).toFixed(1)}`);
    line.setAttribute("d", `M${points.join("L")}`);
    dots.setAttribute("d", points.map((point) => `M${point}h0`).join(""));
    for (const drawn of [line, dots]) drawn.setAttribute("stroke", colour);
    start.setAttribute("transform", `translate(${place[0]} ${-place[1]})`);
    for (const { slider, output } of [rate, damping]) output.textContent = slider.valueAsNumber.toFixed(2);
    const where = `(${from.join(", ")})`.replaceAll("-", "−"), steps = `${XY_STEPS} steps ${name} from ${where}`;
    board.setAttribute("aria-label", `start at ${where}; arrow keys move it`);
    picture.setAttribute("aria-label", `the path of ${steps}`);
    told.textContent = `${steps}: ${farXY(places[0])} away from (0, 0) at first, ${farXY(places.at(-1))} at the end.`;
  }

  turns.selectedIndex = +spec.inTurns;
  turns.addEventListener("change", show);
  dragXY(board, picture, start, move);
  board.addEventListener("keydown", (event) => {
    const way = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(place.map((v, k) => v + way[k] * (event.shiftKey ? 50 : 5)));
  });
  root.append(
    element("p", {}, "Drag the large dot: there the game starts. Does its path lead to (0, 0)?"),
    element("div", { class: "gan-columns" },
      element("div", { class: "gan-panel" },
        board, element("p", { class: "gan-small" }, "arrow keys move the start, too; with Shift farther")),
      element("div", { class: "gan-panel gan-sliders gan-knobs" },
        rate.row, damping.row, element("div", { class: "gan-buttons" }, turns), told)));
  move(spec.start.map((v) => 100 * v));
}

/* The plane, with what moves in it. */
function drawXY() {
  const line = svg("path", { fill: "none", "stroke-width": 2 });
  const dots = svg("path", { "stroke-width": 8, "stroke-linecap": "round" });
  const dot = svg("path", { d: "M0 0h0", stroke: "currentColor", "stroke-width": 18, "stroke-linecap": "round" });
  const start = svg("g", { class: "gan-point gan-chosen" }, svg("circle", { r: 36 }), dot); // the circle can be taken
  const faint = { stroke: "currentColor", "stroke-opacity": 0.3 };
  const axes = svg("path", { d: "M-300 0H300M0-300V300M100-6V6M200-6V6", ...faint });
  const word = (x, y, text) => svg("text", { x, y, "font-size": 20, fill: "currentColor" }, text);
  const words = [word(282, -10, "x"), word(10, -282, "y"), word(95, 27, 1), word(195, 27, 2)];
  const inside = [axes, ...words, line, dots, start];
  return { line, dots, start, picture: svg("svg", { viewBox: "-300 -300 600 600", role: "img" }, ...inside) };
}

/* Elsewhere than on the start a finger scrolls the page. */
function dragXY(board, picture, start, move) {
  let held = false;
  start.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  start.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    picture.setPointerCapture(event.pointerId);
    held = true;
    board.focus({ preventScroll: true });
  });
  picture.addEventListener("pointermove", ({ clientX, clientY }) => {
    const { left, top, width } = picture.getBoundingClientRect(), at = (v) => XY_EDGE * ((2 * v) / width - 1);
    if (held) move([at(clientX - left), -at(clientY - top)]);
  });
  for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, () => { held = false; });
}

/* Never said to be 0 when it is not. */
function farXY(place) {
  const far = Math.hypot(...place);
  return far > 0 && far < 0.001 ? "less than 0.001" : far.toFixed(far < 1 ? 3 : 2);
}

mount("xy", playXY);
