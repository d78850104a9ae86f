/* Be the discriminator: the reader and D judge the same ten pictures, at a few moments of a recorded training. */

const TEN = 10;
const BLUE = [43, 123, 185], ORANGE = [209, 96, 47]; // as everywhere: what speaks for real, what for made

async function beTheDiscriminator(root, spec) {
  new BeTheDiscriminator(root, spec, await Promise.all(spec.moments.map(({ png }) => greyLevels(png))));
}

/* A PNG → its grey levels, row by row. */
async function greyLevels(png) {
  const image = element("img", { src: `data:image/png;base64,${png}` });
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image, canvas = element("canvas", { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, width, height).data.filter((_, i) => i % 4 === 0);
}

const kindOf = (isReal) => (isReal ? "real" : "made");
const judged = (isRight) => (isRight ? "right" : "wrong");
const inOrder = (n) => Array.from({ length: n }, (_, i) => i);
const shuffled = (n) => inOrder(n).map((i) => [Math.random(), i]).sort(([a], [b]) => a - b).map(([, i]) => i);

class BeTheDiscriminator {
  constructor(root, spec, sheets) {
    Object.assign(this, { spec, sheets });
    this.makeControls();
    this.layOut(root);
    root.addEventListener("keydown", (event) => this.onKey(event));
    this.begin(inOrder);
  }

  makeControls() {
    const { side, moments } = this.spec, canvas = (more) => element("canvas", { width: side, height: side, ...more });
    this.picture = canvas({ role: "img" });
    this.map = canvas({ role: "img" });
    this.name = element("p", { class: "gan-title" });
    this.made = this.answerButton("← ", "Made", "", false, "ArrowLeft M");
    this.real = this.answerButton("", "Real", " →", true, "ArrowRight R");
    this.next = button("Next picture", () => this.goOn());
    this.train = button("Train", () => this.go(this.moment + 1));
    this.train.className = "gan-train";
    this.again = button("Start again", () => this.begin(shuffled));
    this.verdict = element("p");
    this.stands = element("p");
    this.tiles = inOrder(TEN).map((i) => {
      const tile = canvas(), marks = element("span"), node = button("", () => { this.at = i; this.show(); });
      node.append(tile, marks);
      return { node, tile, marks };
    });
    this.rows = moments.map(({ step }) => {
      const cells = inOrder(3).map(() => element("td"));
      return { cells, row: element("tr", {}, element("th", { scope: "row" }, step.toLocaleString("en")), ...cells) };
    });
  }

  answerButton(before, text, behind, isReal, keys) {
    const arrow = (sign) => element("span", { "aria-hidden": "true" }, sign);
    const node = button(text, () => this.answer(isReal));
    node.prepend(arrow(before));
    node.append(arrow(behind));
    node.setAttribute("aria-keyshortcuts", keys);
    return node;
  }

  layOut(root) {
    const heads = ["updates", "you", "D", "D, of 2,000 others"].map((text) => element("th", { scope: "col" }, text));
    const part = (name, ...children) => element("div", { class: name }, ...children);
    const title = (text) => element("p", { class: "gan-title" }, text);
    const small = (...words) => element("p", { class: "gan-small" }, ...words);
    root.append(
      element("p", {}, "Real or made? Some of these pictures are data that D has never seen, the others were drawn by " +
        "G while both learn. Answer first, by button or arrow key; then you see what D said, and what it looked at."),
      part("gan-columns",
        part("gan-judging",
          part("gan-judged",
            part("", this.name, this.picture, part("gan-buttons", this.made, this.real, this.next)),
            part("", title("What D looked at"), this.map,
              small(element("b", {}, "blue"), ": brighter here, and D would sooner say real; ",
                element("b", { class: "gan-orange" }, "orange"), ": sooner made (∂logit/∂pixel). Of a made picture, " +
                "G is told nothing else."))),
          element("div", { role: "status" }, this.verdict, this.stands),
          part("gan-buttons", this.train, this.again)),
        part("gan-answers",
          title("Your answers, and D’s"),
          element("div", { class: "gan-tiles", role: "group", "aria-label": "the ten pictures" },
            ...this.tiles.map(({ node }) => node)),
          small("✓ right, ✗ wrong: first you, then D. A tap shows the picture again."),
          element("table", { class: "gan-scores" }, element("thead", {}, element("tr", {}, ...heads)),
            element("tbody", {}, ...this.rows.map(({ row }) => row))))));
  }

  /* A game from the first moment on; `order`: how many pictures there are → their order. */
  begin(order) {
    const roundOf = (moment) => ({ moment, shown: order(moment.real.length).slice(0, TEN), answers: [] });
    this.rounds = this.spec.moments.map(roundOf);
    this.go(0);
  }

  go(moment) {
    const focused = document.activeElement === this.train;
    this.moment = moment;
    this.at = 0;
    this.show();
    if (focused && this.train.disabled) this.again.focus();
  }

  get round() {
    return this.rounds[this.moment];
  }

  onKey(event) {
    const real = { ArrowLeft: false, m: false, M: false, ArrowRight: true, r: true, R: true }[event.key];
    if (real === undefined || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    event.preventDefault();
    if (this.next.hidden) this.answer(real); else this.goOn();
  }

  answer(real) {
    this.round.answers[this.at] = real;
    this.show();
    if (!this.next.disabled) this.next.focus({ preventScroll: true });
    else (this.train.disabled ? this.again : this.train).focus();
  }

  goOn() {
    const open = this.firstOpen();
    if (open === TEN) return;
    this.at = open;
    this.show();
    this.real.focus({ preventScroll: true });
  }

  firstOpen() {
    return [...this.round.answers, ...Array(TEN)].findIndex((answer, i) => i === TEN || answer === undefined);
  }

  /* Of picture i in a round: what it is, what both said. */
  facts(i, { moment, shown, answers } = this.round) {
    const real = Boolean(moment.real[shown[i]]), logit = moment.logits[shown[i]], said = answers[i];
    return { real, logit, said, right: said === real, dRight: logit > 0 === real };
  }

  /* How many of a round are answered, and of those, how many rightly. */
  score(round) {
    const facts = Object.keys(round.answers).map((i) => this.facts(i, round));
    const count = (who) => facts.filter((fact) => fact[who]).length;
    return { done: facts.length, you: count("right"), d: count("dRight") };
  }

  show() {
    const { spec, at, round, moment } = this, answered = round.answers[at] !== undefined, open = this.firstOpen();
    this.paintPicture(this.picture, at);
    this.paintMap(answered);
    this.name.textContent = `Picture ${at + 1} of ${TEN}`;
    this.picture.setAttribute("aria-label", `picture ${at + 1}${answered ? `, ${kindOf(this.facts(at).real)}` : ""}`);
    this.made.hidden = this.real.hidden = answered;
    this.next.hidden = !answered;
    this.next.disabled = open === TEN;
    this.train.disabled = moment === spec.moments.length - 1;
    this.tiles.forEach((tile, i) => this.showTile(tile, i));
    this.rows.forEach(({ row, cells }, m) => this.showRow(row, cells, m));
    this.verdict.textContent = answered ? this.verdictOf(this.facts(at)) : "Real or made?";
    this.stands.textContent = this.standing(open);
  }

  verdictOf({ real, said, right, logit, dRight }) {
    const percent = Math.round(100 / (1 + Math.exp(-logit)));
    const you = `It is ${kindOf(real)}. You said ${kindOf(said)}: ${judged(right)}.`;
    return `${you} D gave it ${percent} % for real: ${judged(dRight)}.`;
  }

  standing(open) {
    const { spec: { moments }, moment, round } = this, { done, you, d } = this.score(round);
    const where = `moment ${moment + 1} of ${moments.length} · ${moments[moment].step.toLocaleString("en")} updates`;
    const scored = done ? `you ${you} of ${done}, D ${d} of ${done}` : "no answer yet";
    if (open < TEN) return `${where} · ${scored}`;
    const eye = "You see what lies side by side. D does not: an MLP would learn as well from pixels in any order.";
    const end = "The training ends here; start again with other pictures.", more = "Press Train: G and D learn on.";
    return [`${where} · ${scored}.`, ...(you > d ? [eye] : []), this.train.disabled ? end : more].join(" ");
  }

  showTile({ node, tile, marks }, i) {
    const { real, said, right, dRight } = this.facts(i), open = said === undefined;
    const mark = (isRight) => (isRight ? "✓" : "✗");
    node.disabled = tile.hidden = open;
    if (!open) this.paintPicture(tile, i);
    marks.textContent = open ? i + 1 : `${mark(right)} ${mark(dRight)}`;
    const told = open ? "not answered yet" : `${kindOf(real)}; you were ${judged(right)}, D was ${judged(dRight)}`;
    node.setAttribute("aria-label", `picture ${i + 1}: ${told}`);
    node.setAttribute("aria-current", i === this.at);
  }

  showRow(row, cells, m) {
    const { done, you, d } = this.score(this.rounds[m]), of = (n) => (done ? `${n} of ${done}` : "–");
    const texts = [of(you), of(d), m <= this.moment ? `${Math.round(100 * this.spec.moments[m].hits)} %` : "–"];
    cells.forEach((cell, i) => { cell.textContent = texts[i]; });
    row.setAttribute("aria-current", m === this.moment);
  }

  /* The grey levels of the i-th picture of the round (line 0 of the sheet) or of its map (line 1). */
  pixels(i, line) {
    const { side, moments } = this.spec, sheet = this.sheets[this.moment];
    const wide = moments[this.moment].real.length * side;
    const start = line * side * wide + this.round.shown[i] * side;
    return inOrder(side * side).map((j) => sheet[start + Math.floor(j / side) * wide + (j % side)]);
  }

  paintPicture(canvas, i) {
    paint(canvas, this.pixels(i, 0), [1, this.spec.side, this.spec.side]);
  }

  /* The stronger, the less the page's own ground shines through. */
  paintMap(answered) {
    const { side } = this.spec, picture = new ImageData(side, side);
    if (answered) {
      this.pixels(this.at, 1).forEach((level, j) => {
        const v = (level - 128) / 120;
        picture.data.set([...(v > 0 ? BLUE : ORANGE), 255 * Math.abs(v)], 4 * j);
      });
    }
    this.map.getContext("2d").putImageData(picture, 0, 0);
    this.map.setAttribute("aria-label", `what D looked at${answered ? ", pixel by pixel" : ": after your answer"}`);
  }
}

mount("be-d", beTheDiscriminator);
