/* A picture that is drawn by hand: white on black, by mouse, by finger, or by arrow keys and Space. */

const BRUSH = 0.06; // its radius, of the picture's side

class Sketch {
  /* The levels are 0…255, one a pixel; show(changed) paints them, and the cursor. `on` says whether they are drawn on. */
  constructor(canvas, width, height, show) {
    Object.assign(this, { canvas, width, height, show, on: false, cursor: null, last: null });
    this.levels = new Uint8Array(width * height);
    this.easel = element("div", {}, canvas);
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.on || event.button) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      this.cursor = null;
      this.stroke(this.last = this.place(event));
    });
    canvas.addEventListener("pointermove", (event) => { if (this.last) this.stroke(this.place(event)); });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { this.last = null; });
    this.easel.addEventListener("keydown", (event) => this.onKey(event));
    this.easel.addEventListener("blur", () => { if (this.on) this.moveCursor(null); });
  }

  use(on) {
    this.on = on;
    this.easel.classList.toggle("gan-painting", on);
    const named = { tabindex: 0, role: "group", "aria-label": "your picture: draw; or arrow keys to move, Space to paint" };
    for (const [name, value] of Object.entries(named)) if (on) this.easel.setAttribute(name, value); else this.easel.removeAttribute(name);
  }

  clear() {
    this.levels.fill(0);
    this.show(true);
  }

  place({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return [(this.width * (clientX - box.left)) / box.width, (this.height * (clientY - box.top)) / box.height];
  }

  /* From where the last one ended. */
  stroke(to) {
    const from = this.last ?? to, parts = Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])) || 1;
    for (let i = 1; i <= parts; i++) this.dab(...from.map((v, k) => v + (i / parts) * (to[k] - v)));
    this.last = to;
    this.show(true);
  }

  dab(x, y) {
    const { width, height, levels } = this, radius = BRUSH * Math.max(width, height);
    levels.forEach((level, i) => {
      const inside = radius + 0.5 - Math.hypot((i % width) + 0.5 - x, Math.floor(i / width) + 0.5 - y);
      levels[i] = Math.max(level, Math.round(255 * Math.min(1, Math.max(0, inside))));
    });
  }

  onKey(event) {
    const move = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!this.on || !(move || event.key === " ")) return;
    event.preventDefault();
    const [x, y] = this.cursor ?? [this.width >> 1, this.height >> 1], within = (v, n) => Math.max(0, Math.min(n - 1, v));
    if (move) return void this.moveCursor([within(x + move[0], this.width), within(y + move[1], this.height)]);
    this.dab(x + 0.5, y + 0.5);
    this.moveCursor([x, y], true);
  }

  moveCursor(cursor, changed = false) {
    this.cursor = cursor;
    this.show(changed);
  }
}
