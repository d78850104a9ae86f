/* The square −1…1 in which a play is seen: D's map, the data, the samples, the pull on each, the grid of z. Blue is
 * what is real, or held to be, orange what is made; the page's own ground shines through, light or dark. */

const SAMPLES = 500, FIELD = 40, ARROWS = 80, FOLD = 19; // what is asked for at a look
const INKS = {
  light: { real: "#17609c", made: "#b5420f", line: "#000", strength: 150 },
  dark: { real: "#8accff", made: "#ffa473", line: "#fff", strength: 120 },
};

const FIELD_INKS = [[47, 129, 196], [220, 104, 50]]; // real, made

class Stage {
  constructor() {
    this.canvas = element("canvas", { class: "gan-stage", role: "img", "aria-label": "not drawn yet" });
    this.context = this.canvas.getContext("2d");
    this.map = element("canvas");
    new ResizeObserver(() => { if (this.seen) this.draw(...this.seen); }).observe(this.canvas);
  }

  /* look: a trainer's answer, or the like: `limits` of its field, `levels` of lines in it, `inks` above and below the
   * middle, `places` to be marked, and how much `larger` points are drawn; shown: which layers; painted: the reader's
   * points where they paint, cursor: theirs */
  draw(look, { shown, critic, painted, cursor }) {
    this.seen = [look, { shown, critic, painted, cursor }];
    const { canvas, context } = this, wide = canvas.clientWidth;
    const side = Math.round(wide * Math.min(2, devicePixelRatio));
    if (!wide) return; // not in the page yet
    if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side;
    this.colours = INKS[isLight(getComputedStyle(canvas).color) ? "dark" : "light"];
    this.pixel = 2 / wide;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, side, side);
    if (shown.map && look.field) this.drawMap(look, look.limits ?? (critic ? limitsOf(look.field) : [0, 1]), side);
    context.setTransform(side / 2, 0, 0, -side / 2, side / 2, side / 2); // from here on −1…1, upwards
    const levels = look.levels ?? (critic ? [] : [0.5]);
    if (shown.map && look.field) this.lines(levels.flatMap((level) => boundary(look.field, level)), 1, 0.55);
    if (shown.fold && look.fold) this.lines(foldLines(look.fold), 3 - look.fold.dims, 0.5);
    const { larger = 1 } = look;
    if (shown.data) this.dots(painted ? painted.flat().map((v) => v / 100) : look.real, 2.2 * larger, false);
    if (shown.samples) this.dots(look.samples, 1.9 * larger, true);
    if (look.places) this.lines(crossesAt(look.places, 4 * this.pixel), 1.3, 0.9);
    if (shown.arrows && look.arrows) this.lines(arrowLines(look.arrows), 1, 0.85);
    if (cursor) this.dots(cursor.map((v) => v / 100), 6, false);
  }

  /* D(x) = ½, or the middle of the critic's values, is the ground itself. */
  drawMap({ field, inks: [above, below] = FIELD_INKS }, [low, high], wide) {
    const { map, context, colours } = this, side = Math.sqrt(field.length), picture = new ImageData(side, side);
    field.forEach((value, i) => {
      const t = Math.max(-1, Math.min(1, (2 * (value - low)) / (high - low || 1) - 1));
      picture.data.set([...(t > 0 ? above : below), colours.strength * Math.abs(t) ** 0.65], 4 * i);
    });
    if (map.width !== side || map.height !== side) map.width = map.height = side;
    map.getContext("2d").putImageData(picture, 0, 0);
    const step = wide / (side - 1); // the outermost values belong to the edges
    context.drawImage(map, -step / 2, -step / 2, wide + step, wide + step);
  }

  lines(lines, width, alpha) {
    const { context } = this;
    context.beginPath();
    for (const line of lines) line.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    this.ink(width, alpha, this.colours.line, false);
  }

  ink(width, alpha, colour, filled) {
    const lineWidth = width * this.pixel;
    Object.assign(this.context, { strokeStyle: colour, fillStyle: colour, lineWidth, globalAlpha: alpha });
    this.context[filled ? "fill" : "stroke"]();
    this.context.globalAlpha = 1;
  }

  /* list: x, y, x, y, …; filled are the samples, open the data. Those of a small square are smaller. */
  dots(list = [], size, filled) {
    const { context, pixel, colours } = this, radius = size * Math.min(pixel, 0.005);
    context.beginPath();
    for (let i = 0; i < list.length; i += 2) {
      context.moveTo(list[i] + radius, list[i + 1]);
      context.arc(list[i], list[i + 1], radius, 0, 7);
    }
    this.ink(1, 0.85, filled ? colours.made : colours.real, filled);
  }
}

/* Where D(x) = ½, or at another level: a piece of line through each cell of four neighbours not of one opinion. */
function boundary(field, level) {
  const side = Math.sqrt(field.length), along = (k) => (2 * k) / (side - 1) - 1, lines = [];
  for (let i = 0; i < field.length - side; i++) {
    const corners = [i, i + 1, i + side + 1, i + side];
    if (i % side === side - 1 || corners.every((corner) => field[corner] > level === field[i] > level)) continue;
    const ends = corners.flatMap((a, k) => {
      const b = corners[(k + 1) % 4], part = (field[a] - level) / (field[a] - field[b]);
      const at = (j) => [along(j % side), -along(Math.floor(j / side))];
      return field[a] > level === field[b] > level ? [] : [at(a).map((v, axis) => v + part * (at(b)[axis] - v))];
    });
    lines.push(ends.slice(0, 2), ends.slice(2));
  }
  return lines;
}

/* places: x, y, x, y, …; an × at each, as wide as twice `reach`. */
function crossesAt(places, reach) {
  return Array.from({ length: places.length }, (_, i) => {
    const [x, y] = places.subarray(i & ~1), up = i & 1 ? reach : -reach;
    return [[x - reach, y - up], [x + reach, y + up]];
  });
}

/* Each line of the grid of z, as G bends it. */
function foldLines({ side, dims, points }) {
  const every = [...Array(side).keys()], at = (i) => [points[2 * i], points[2 * i + 1]];
  if (dims === 1) return [every.map(at)];
  return every.flatMap((line) => [every.map((i) => at(line * side + i)), every.map((i) => at(i * side + line))]);
}

/* An arrow is as long as its gradient, but never leaves the neighbourhood: |g| / (1 + |g|). */
function arrowLines(list) {
  return Array.from({ length: list.length / 4 }, (_, i) => {
    const [x, y, gx, gy] = list.subarray(4 * i), part = 0.18 / (1 + Math.hypot(gx, gy)), dx = part * gx, dy = part * gy;
    const tip = [x + dx, y + dy], head = (turn) => [tip[0] - 0.22 * dx - turn * dy, tip[1] - 0.22 * dy + turn * dx];
    return [[x, y], tip, head(0.13), tip, head(-0.13)];
  });
}

function isLight(colour) {
  const [red, green, blue] = colour.match(/[\d.]+/g);
  return 0.3 * red + 0.6 * green + 0.1 * blue > 128;
}

function limitsOf(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}
