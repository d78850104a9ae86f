/* One play: its trainer, and what is seen of it. */

const TOO_FEW = [
  "Nothing is painted yet. Draw into the square, by mouse, finger or keys: two points are enough to begin.",
  "One point is painted, and a set takes two or more. Draw on.",
];
const EVEN = { ring8: "an even circle", grid25: "an even square", two: "an even line" };
const PIECE = 50; // milliseconds of training between two looks

class PlayView {
  /* shown: which layers; painted(points, done): the reader drew */
  constructor(shown, painted) {
    Object.assign(this, { shown, stage: new Stage(), curves: new Curves(), trainer: null });
    this.brush = makeBrush(this.stage.canvas, painted);
    this.title = element("p", { class: "gan-title" });
    this.figures = element("p", { class: "gan-figures" });
    this.side = element("div", { class: "gan-side" }, this.figures, this.curves.node);
    this.node = element("div", { class: "gan-play" }, this.title, this.brush.easel, this.side);
  }

  get settings() {
    return settingsNow(this.play);
  }

  get critic() {
    return !["minimax", "non-saturating", "r1", "r1-r2"].includes(this.settings.game);
  }

  close() {
    this.trainer?.close();
    this.trainer = null;
  }

  async begin(play) {
    const { settings } = play, painting = settings.data === "painted", points = unpackPoints(settings.points);
    this.close();
    this.curves.clear();
    this.brush.use(painting && points);
    const lacks = (painting && TOO_FEW[points.length]) || "";
    Object.assign(this, { play, look: {}, step: 0, perSecond: 0, w1: null, asked: 0, lacks });
    if (lacks) return;
    const data = painting ? { painted: Float32Array.from(points.flat(), (v) => v / 100) } : undefined;
    this.trainer = await openTrainer({ recipe: recipeOf(settings), data });
    await this.see();
  }

  /* What is to be looked at; the distance alone takes as long as the rest, and comes twice a second. */
  wish() {
    const { map, arrows, fold } = this.shown, w1 = performance.now() - this.asked > 500;
    if (w1) this.asked = performance.now();
    return { samples: SAMPLES, real: SAMPLES, field: map && FIELD, arrows: arrows && ARROWS, fold: fold && FOLD, w1 };
  }

  async see() {
    this.take({}, await this.trainer.ask("look", this.wish()));
  }

  /* Train, and look: two questions on one way. */
  async ask(task, what) {
    const [answer, look] = await Promise.all([this.trainer.ask(task, what), this.trainer.ask("look", this.wish())]);
    return { answer, look };
  }

  take(answer, look) {
    const { step } = look, perSecond = answer.updates_per_second ?? this.perSecond;
    if (step < this.step) for (const change of this.play.changes) change.at = Math.min(change.at, step); // a step back
    Object.assign(this, { look, step, perSecond, w1: look.w1 ?? this.w1 });
    if (answer.turn === "G") this.curves.add([look.step, ...CURVES.map((name) => look[name])]);
    else if (answer.history) this.curves.add(answer.history);
  }

  async change(name, value) {
    this.play = changedPlay(this.play, name, value, this.step);
    await this.trainer.ask("change", { [name]: value });
  }

  /* Up to an update, with what changed on the way; goesOn() is asked now and then. → an explosion's answer, or null */
  async repeat(changes, updates, goesOn) {
    for (const end of new Set([...changes.map((change) => change.at), updates])) {
      while (this.trainer && this.step < end) {
        const { answer, look } = await this.ask("train", { updates: end - this.step, ms: 4 * PIECE });
        this.take(answer, look);
        if (answer.diverged) return answer;
        if (!goesOn()) return null;
      }
      for (const { at, name, value } of changes) if (at === end && this.trainer) await this.change(name, value);
    }
    return null;
  }

  paint() {
    const { brush, shown, critic } = this;
    this.stage.draw(this.look, { shown, critic, painted: brush.on && brush.points, cursor: brush.cursor });
  }

  get found() {
    const { look: { modes }, w1 } = this;
    return modes ? `${modes.found} of ${modes.of} clouds` : w1 === null ? "" : `W₁ ${w1.toFixed(3)}`;
  }

  tell() {
    const { look, w1, settings, shown } = this, parts = [];
    if (look.modes) {
      const { near, of, even } = look.modes;
      parts.push(`strict test: ${this.found}, ${Math.round(100 * near)} % of the samples near one `
        + `(${EVEN[settings.data]}: ${even.found} of ${of})`);
    }
    if (w1 !== null) parts.push(`sliced W₁ to the data ${w1.toFixed(3)}`);
    if (look.arrows) parts.push(`longest arrow ${longest(look.arrows).toPrecision(2)}`);
    this.figures.textContent = parts.join(" · ");
    this.curves.draw(this.critic);
    const seen = Object.keys(LAYERS).filter((name) => shown[name]).map((name) => LAYERS[name]).join(", ");
    const alt = `${told(settingOf("data"), settings)} after ${count(this.step)} updates: ${seen}`;
    this.stage.canvas.setAttribute("aria-label", alt);
  }
}

function longest(arrows) {
  let most = 0;
  for (let i = 0; i < arrows.length; i += 4) most = Math.max(most, Math.hypot(arrows[i + 2], arrows[i + 3]));
  return most;
}
