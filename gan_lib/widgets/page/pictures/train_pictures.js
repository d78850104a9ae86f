/* Chapter 3 trains in the page: its two networks, on real pictures. */

const ACROSS = 8; // of the pictures that are watched, and down; their z stay the same
const LOOK_MS = 100, WORDS_MS = 250; // between two looks at the training, and between two changes of what is written
const KEPT_MOMENTS = 64; // of 50 kB each
const RECENT = 20; // updates, whose mean is said

async function trainPictures(root, spec, figure) {
  await new PictureTraining(root, spec, figure).restart(); // until then the still picture is shown
}

/* A link to a mistake, "#break=g_frozen", leads to the first figure of this kind. */
const linkedMistake = () => Object.keys(MISTAKES).find((name) => location.hash === `#break=${name}`);
const leadsTo = () => linkedMistake() && document.querySelector('.gan-widget[data-kind="pictures"]');
trainPictures.wanted = (figure) => figure === leadsTo();

/* Also where the figure is still a picture: it comes alive when it is seen. */
function followLink() {
  const figure = leadsTo();
  figure?.scrollIntoView();
  figure?.dispatchEvent(new Event("asked"));
}
addEventListener("hashchange", followLink);
addEventListener("click", ({ target }) => { // pressed again, it changes no address
  if (target.closest?.("a")?.href === location.href) followLink();
});

class PictureTraining {
  constructor(root, spec, figure) {
    Object.assign(this, { root, spec, running: false, round: 0, going: 0, set: null, trainer: null, explorer: new FreshExplorer(figure) });
    this.makeControls();
    this.layOut();
    const isAsked = () => trainPictures.wanted(figure);
    if (isAsked()) this.box.value = linkedMistake();
    figure.addEventListener("alive", () => isAsked() && this.leadToBox());
    figure.addEventListener("asked", () => {
      this.box.value = linkedMistake();
      this.leadToBox();
      this.guarded(this.restart);
    });
  }

  leadToBox() {
    this.root.scrollIntoView();
    this.box.focus({ preventScroll: true });
  }

  makeControls() {
    const options = Object.entries(MISTAKES).map(([value, { title }]) => element("option", { value }, title));
    const does = (text, task) => button(text, () => this.guarded(task));
    this.main = does("Train", () => (this.running ? this.pause() : this.train()));
    this.again = does("Start again", this.restart);
    this.uses = [does("Explore this generator", this.explore), does("Save this generator", this.save)];
    this.box = element("select", {}, element("option", { value: "" }, "none"), ...options);
    this.slider = element("input", { type: "range", min: 0, step: 1 });
    this.sheet = element("canvas", { class: "gan-sheet", role: "img" });
    this.code = element("ol", { class: "gan-code" });
    this.alarm = element("p", { role: "alert" });
    for (const name of ["expected", "stand", "symptom", "when", "credit"]) this[name] = element("p");
    for (const name of ["chart", "saved"]) this[name] = element("div");
    this.box.addEventListener("change", () => this.guarded(this.restart));
    this.slider.addEventListener("input", () => {
      this.held = this.slider.value === this.slider.max ? Infinity : this.moments.all[this.slider.value].step;
      this.showMoment();
    });
  }

  layOut() {
    const part = (kind, ...children) => element("div", { class: `gan-${kind}` }, ...children);
    this.root.append(
      element("p", {}, "Press Train. The 64 pictures always come from the same 64 z: watch each of them become something. " +
        "Then choose a mistake, and see how it shows."),
      part("buttons", this.main, this.again, element("label", {}, "mistake", this.box)),
      this.expected, element("div", { role: "status" }, this.stand, this.symptom), this.alarm,
      part("columns",
        part("panel", this.sheet, element("label", { class: "gan-wide" }, "seen so far", this.slider), this.when,
          part("buttons", ...this.uses), this.saved, this.credit),
        part("panel", this.chart, this.code)),
      this.explorer.node);
    this.sayOrigin(this.spec.credit + (typeof this.spec.pictures === "string" ? "; 2.4 MB, loaded when you press Train" : ""));
  }

  sayOrigin(text) {
    this.credit.textContent = `The pictures to learn from: ${text}.`;
  }

  /* What the reader asked for; what fails is said, and the rest goes on working. */
  async guarded(task) {
    try {
      await task.call(this);
    } catch (error) {
      if (this.running) this.pause();
      this.alarm.textContent = `This did not work: ${error.message}.`;
    }
  }

  async train() {
    this.running = true;
    this.main.textContent = "Pause";
    this.alarm.textContent = "";
    if (this.set && this.trainer) return this.goOn(this.round);
    if (!this.set) {
      this.stand.textContent = "The pictures are being loaded …";
      this.set = await trainingSet(this.spec.pictures);
      this.sayOrigin(`${this.set.n.toLocaleString("en")} of ${this.set.credit}`);
    }
    return this.restart();
  }

  pause() {
    this.running = false;
    this.main.textContent = "Train";
    this.say();
  }

  /* To the moment before the first update, with the mistake that is chosen; a training that runs goes on from there. */
  async restart() {
    const round = ++this.round, { recipe } = this.spec, data = this.set ?? noPictures(recipe.batch_size);
    this.trainer?.close();
    this.trainer = null;
    this.showMistake(data.n);
    const trainer = await openTrainer({ recipe: { ...recipe, broken: brokenBy(this.box.value, data.n) }, data });
    const { grey } = await trainer.ask("look");
    if (round !== this.round) return void trainer.close();
    Object.assign(this, { trainer, first: grey, held: Infinity, seen: false, recent: [], seconds: 0, rate: 0, saidAt: 0 });
    Object.assign(this, { curves: new Curves(), moments: new Moments(KEPT_MOMENTS) });
    this.markers = [...this.curves.node.querySelectorAll("svg")].map((chart) => chart.appendChild(marker()));
    this.chart.replaceChildren(this.curves.node);
    this.moments.add({ step: 0, grey });
    this.alarm.textContent = "";
    this.showMoment();
    this.say();
    if (this.running) await this.goOn(round);
  }

  /* A look ten times a second, as long as the reader wants and can see it: a hidden page has no frames, and where nobody asks,
   * nothing trains. The next question is asked before the last answer is painted, so that the worker need not wait. */
  async goOn(round) {
    if (this.going === round) return;
    this.going = round;
    const { trainer } = this, mine = () => round === this.round;
    const ask = () => Promise.all([trainer.ask("train", { updates: 1000, ms: LOOK_MS }), trainer.ask("look")]);
    try {
      for (let answers = ask(); answers; await new Promise(requestAnimationFrame)) {
        const [trained, { step, grey }] = await answers;
        if (!mine()) return;
        answers = this.running && this.root.isConnected && !trained.ended ? ask() : null;
        this.take(trained, { step, grey });
        if (!answers) break;
      }
      if (this.running) this.pause(); // the figure has left the document
    } catch (error) {
      if (mine()) this.trainer = null;
      throw error;
    } finally {
      if (mine()) this.going = 0;
    }
  }

  take({ history = [], updates_per_second, diverged, raised, ended }, moment) {
    this.curves.add(history);
    for (let i = 0; i < history.length; i += 5) this.recent.push(history.subarray(i + 1, i + 5));
    this.recent = this.recent.slice(-RECENT);
    if (history.length) this.seconds += history.length / 5 / updates_per_second;
    this.moments.add(moment);
    this.lookForSymptom(raised);
    this.showMoment();
    if (ended) this.alarm.textContent = `${raised ?? diverged}.`;
    if (!this.running || performance.now() - this.saidAt > WORDS_MS) this.say();
  }

  /* Means of the last updates, and what the pictures measure. */
  measures() {
    const { step, grey } = this.moments.newest, { seconds, recent } = this;
    const [d_loss, g_loss, d_real, d_fake] = [0, 1, 2, 3].map((k) => recent.reduce((sum, line) => sum + line[k], 0) / recent.length);
    return { step, seconds, d_loss, g_loss, d_real, d_fake, ...measured(grey, this.first) };
  }

  lookForSymptom(raised) {
    const told = !this.seen && MISTAKES[this.box.value]?.seen({ ...this.measures(), raised });
    if (!told) return;
    const { step } = this.moments.newest;
    this.seen = true;
    this.symptom.textContent = `✓ Seen ${step ? `after ${updates(step)}` : "in the first update"}: ${told}.`;
  }

  /* Where the training stands, in words and curves. */
  say() {
    const now = performance.now(), { step, d_real, d_fake } = this.measures();
    if (this.saidAt) this.rate = smooth(this.rate, (1000 * (step - this.saidStep)) / (now - this.saidAt));
    Object.assign(this, { saidAt: this.running ? now : 0, saidStep: step });
    const rate = this.running && this.rate ? [`${few(this.rate)} a second`] : [];
    const words = [updates(step), ...rate, `D(real) ${d_real.toFixed(2)}`, `D(fake) ${d_fake.toFixed(2)}`];
    this.stand.textContent = step ? words.join(" · ") : "Before the first update.";
    this.curves.draw(false);
  }

  /* The newest moment, or the one that the reader went back to. */
  showMoment() {
    const { all, newest } = this.moments, value = all.findLastIndex((moment) => moment.step <= this.held), { step, grey } = all[value];
    Object.assign(this.slider, { max: all.length - 1, value, disabled: all.length < 2 });
    this.slider.setAttribute("aria-valuetext", updates(step));
    this.when.textContent = `shown: after ${updates(step)}`;
    paint(this.sheet, sideBySide(grey, ACROSS), [1, 28 * ACROSS, 28 * ACROSS]);
    this.sheet.setAttribute("aria-label", `${ACROSS ** 2} pictures from always the same z, after ${updates(step)}`);
    const x = (300 * step) / Math.max(1, newest.step);
    for (const line of this.markers) for (const end of ["x1", "x2"]) line.setAttribute(end, x);
    for (const use of this.uses) use.disabled = !newest.step;
  }

  showMistake(n) {
    const mistake = MISTAKES[this.box.value];
    this.expected.replaceChildren(...(mistake ? [element("b", {}, "Expect "), mistake.expect] : []));
    this.symptom.textContent = mistake ? "Not seen yet." : "";
    this.code.replaceChildren(...loopLines(mistake?.lines, n));
    for (const use of this.uses) use.disabled = true;
  }

  async explore() {
    const { step, generator } = await this.trainer.ask("weights");
    await this.explorer.show(generator, `The generator after ${updates(step)}`);
    this.explorer.node.scrollIntoView({ block: "nearest" });
  }

  async save() {
    const { step, generator } = await this.trainer.ask("weights"), name = `generator-${step}.safetensors`;
    download(name, safetensors(generator));
    this.saved.replaceChildren(element("p", {}, `${name} is among your downloads. In Python:`),
      element("code", { class: "gan-line" }, pythonOf(name)));
  }
}

const updates = (n) => `${n.toLocaleString("en")} update${n === 1 ? "" : "s"}`;
const smooth = (before, now) => (before ? 0.7 * before + 0.3 * now : now);
const few = (rate) => (rate < 10 ? rate.toPrecision(2) : rate.toFixed(0));
const marker = () => svg("line", { class: "gan-marker", y1: 0, y2: 100, "vector-effect": "non-scaling-stroke" });

/* Before the real ones are there: enough of them for the first weights. */
const noPictures = (n) => ({ n, d: 784, rows: new Uint8Array(n * 784) });

/* Grey levels of pictures of 28 × 28, one behind the other → of one picture that has them side by side. */
function sideBySide(grey, across) {
  const sheet = new Uint8Array(grey.length);
  for (let row = 0; row < grey.length / 28; row++) { // of one picture
    const picture = Math.floor(row / 28), line = 28 * Math.floor(picture / across) + (row % 28);
    sheet.set(grey.subarray(28 * row, 28 * row + 28), 28 * (across * line + (picture % across)));
  }
  return sheet;
}

mount("pictures", trainPictures);
