/* One stage of a generator: a drawing of its size, and its channels as tiles, those first that matter most. */

const FIRST_TILES = 12;

/* Numbers as a box: as long as there are channels, as high as its side, of the longest and highest that there is. */
function sizeBox([channels, height], [longest, highest]) {
  const long = Math.max(2, (76 * channels) / longest), high = Math.max(2, (34 * height) / highest), deep = high * 0.4;
  const front = `M1,49v${-high}h${long}v${high}z`, top = `M1,${49 - high}l${deep},${-deep}h${long}l${-deep},${deep}`;
  const d = `${front}${top}M${1 + long},49l${deep},${-deep}v${-high}`;
  return svg("svg", { viewBox: "0 0 94 50", "aria-hidden": "true" }, svg("path", { d, "vector-effect": "non-scaling-stroke" }));
}

/* A row of the network: its drawing, and beside it words and nodes. */
function floorRow(shape, most, title, words, ...nodes) {
  return element("div", { class: "gan-floor" }, sizeBox(shape, most),
    element("p", {}, element("strong", {}, title), element("br"), words), ...nodes);
}

class Floor {
  /* press(channel): a tile was pressed */
  constructor(stage, number, most, press) {
    Object.assign(this, { stage, press, channels: stage.shape[0], tiles: new Map(), changed: new Set() });
    this.group = element("div", { class: "gan-choices", role: "group", "aria-label": `channels of layer ${number}` });
    this.group.addEventListener("keydown", (event) => this.walk(event));
    this.told = element("span");
    this.more = button("", () => { this.all = !this.all; this.arrange(); });
    this.more.hidden = this.channels <= FIRST_TILES;
    const [channels, height, width] = stage.shape, maps = height * width > 1;
    const title = `Layer ${number}: ` + (maps ? `${channels} channels of ${height} × ${width}` : `${channels} numbers`);
    const words = `${stage.layers} · ${stage.weights.toLocaleString("en")} weights`;
    const below = element("p", { class: "gan-buttons" }, this.told, this.more);
    this.node = floorRow(stage.shape, most, title, words, this.group, below);
  }

  /* What it gives for a new z, nothing changed; then nothing of it is measured. */
  renew(base) {
    this.base = base;
    this.effects = Array(this.channels);
    const size = new Float32Array(this.channels);
    base.forEach((v, j) => { size[j % this.channels] += Math.abs(v); });
    this.white = base.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-12);
    this.waiting = [...size.keys()].filter((k) => size[k]).sort((a, b) => size[b] - size[a]); // the brightest first
    size.forEach((v, k) => { if (!v) this.effects[k] = [0, 0]; }); // off changes nothing
    this.order ??= [...this.waiting, ...[...size.keys()].filter((k) => !size[k])];
    for (const k of this.tiles.keys()) this.mark(k);
    this.tell();
  }

  /* Some of the channels that wait are measured. */
  take(some, effects) {
    this.waiting = this.waiting.filter((k) => !some.includes(k));
    some.forEach((k, i) => { this.effects[k] = effects[i]; this.mark(k); });
    this.tell();
    if (this.waiting.length) return;
    this.order = [...this.effects.keys()].sort((a, b) => this.effects[b][0] - this.effects[a][0] || a - b);
    this.arrange();
  }

  tell() {
    const { channels, effects, waiting } = this, still = effects.filter((e) => e && e[0] < 0.05).length;
    this.told.textContent = waiting.length ? `measured so far: ${channels - waiting.length} of ${channels}`
      : still ? `${still} of ${channels} hardly change this picture` : "each of them changes this picture";
  }

  /* The tiles in their order; what is changed stays in sight. */
  arrange() {
    const first = this.order.slice(0, this.all ? this.channels : FIRST_TILES), kept = document.activeElement;
    const shown = [...first, ...[...this.changed].filter((k) => !first.includes(k))];
    this.more.textContent = this.all ? `The first ${FIRST_TILES}` : `All ${this.channels}`;
    this.group.replaceChildren(...shown.map((k) => this.tile(k).node));
    if (this.group.contains(kept)) kept.focus({ preventScroll: true }); // a node that moves loses it
    this.stopAt(this.group.contains(kept) ? kept : this.group.firstChild);
    this.paint(this.now ?? this.base);
  }

  tile(k) {
    if (this.tiles.has(k)) return this.tiles.get(k);
    const tile = { node: button("", () => this.press(k)), canvas: element("canvas"), words: element("span") };
    tile.node.append(tile.canvas, tile.words);
    this.tiles.set(k, tile);
    this.mark(k);
    return tile;
  }

  mark(k) {
    if (!this.tiles.has(k)) return;
    const { node, words } = this.tiles.get(k), effect = this.effects[k];
    words.textContent = effect ? effect[0].toFixed(1) : "…";
    node.setAttribute("aria-label", `channel ${k}: ${effect ? `off, it ${movedWords(effect)}` : "not measured yet"}`);
    node.setAttribute("aria-pressed", this.changed.has(k));
  }

  /* now: what it gives with all changes. Black is 0; white, as far from 0 as any number of this layer. */
  paint(now) {
    this.now = now;
    const { channels, white, stage: { shape: [, height, width] } } = this;
    for (const [k, { node, canvas }] of this.tiles) {
      if (node.parentNode !== this.group) continue;
      const level = (_, i) => Math.round(255 * Math.sqrt(Math.min(1, Math.abs(now[i * channels + k]) / white)));
      paint(canvas, Uint8Array.from({ length: height * width }, level), [1, height, width]);
    }
  }

  /* One tile of each layer is reached by Tab, the others by arrows. */
  walk(event) {
    const nodes = [...this.group.children], at = nodes.indexOf(document.activeElement);
    const back = at - 1, on = at + 1, end = nodes.length - 1;
    const to = { ArrowLeft: back, ArrowUp: back, ArrowRight: on, ArrowDown: on, Home: 0, End: end }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (!nodes[to]) return;
    this.stopAt(nodes[to]);
    nodes[to].focus();
  }

  stopAt(stop) {
    for (const node of this.group.children) node.tabIndex = node === stop ? 0 : -1;
  }
}

function movedWords([mean, share]) {
  const part = `${Math.round(100 * share)} % of its pixels by more than 10`;
  return `changes the picture by ${mean.toFixed(1)} of 255 grey levels on average, and ${part}`;
}
