/* Painting one's own data on a stage: by mouse, by finger, by arrow keys and Space. A point is [x, y] in hundredths. */

const BETWEEN = 4; // hundredths between two points of a stroke
const EASEL = [["tabindex", 0], ["role", "group"],
  ["aria-label", "your points: draw; or arrow keys to move, Space to put a point, Backspace to take it back"]];

/* painted(points, done): after each point, and once more when the stroke ends. */
function makeBrush(canvas, painted) {
  const easel = element("div", { class: "gan-easel" }, canvas), brush = { easel, points: [], cursor: null, on: false };
  const limit = (v) => Math.max(-100, Math.min(100, Math.round(v)));
  let last = null; // of a stroke
  const changed = (done) => painted(brush.points, done);

  function add(point, done) {
    if (brush.points.length < MOST_POINTS) brush.points.push(point);
    changed(done);
  }

  function placeOf(event) {
    const box = canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
    return [limit(200 * x - 100), limit(100 - 200 * y)];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!brush.on || event.button) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    brush.cursor = null;
    add(last = placeOf(event), false);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const from = last, way = placeOf(event).map((v, k) => v - from[k]);
    const parts = Math.floor(Math.hypot(...way) / BETWEEN);
    for (let i = 1; i <= parts; i++) add(last = from.map((v, k) => limit(v + (i / parts) * way[k])), false);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => {
    if (last) changed(true);
    last = null;
  });

  easel.addEventListener("keydown", (event) => {
    if (!brush.on) return;
    const move = { ArrowUp: [0, 5], ArrowDown: [0, -5], ArrowLeft: [-5, 0], ArrowRight: [5, 0] }[event.key];
    const [x, y] = brush.cursor || [0, 0];
    if (move) brush.cursor = [limit(x + move[0]), limit(y + move[1])];
    else if (event.key === " " || event.key === "Enter") brush.cursor = [x, y];
    else if (event.key !== "Backspace") return;
    event.preventDefault();
    if (event.key === " " || event.key === "Enter") add([x, y], true);
    else if (event.key === "Backspace") { brush.points.pop(); changed(true); } else changed(false);
  });
  easel.addEventListener("blur", () => { brush.cursor = null; changed(false); }, true);

  /* points: those that are there already; false: nothing is to be painted here. */
  brush.use = (points) => {
    brush.on = Boolean(points);
    if (!last) brush.points = points || [];
    easel.classList.toggle("gan-painting", brush.on);
    for (const [name, value] of EASEL) if (brush.on) easel.setAttribute(name, value); else easel.removeAttribute(name);
  };
  return brush;
}
