/* The plane: a GAN of two small networks trains in the page, and everything about it can be seen and set. */

const SPEEDS = {
  full: "full", hundred: "100 updates a second", ten: "10 updates a second", half: "half an update, slowly",
};
const PACE = { hundred: [5, 0.05], ten: [1, 0.1], half: [0, 2] }; // updates, and seconds of rest behind them
const LAYERS = {
  data: "data", samples: "samples of G", map: "what D says", arrows: "arrows: the pull on each sample",
  fold: "grid of z, folded by G",
};
const LEAD = "Press Train: G’s samples, orange, leave their heap and look for the data, blue. "
  + "Then press a story, or change a setting below.";
const SIDES = ["left", "right"], ALWAYS = ["lr_g", "lr_d", "batch_size", "latent_dim", "seed"]; // in a folded group
const planeFigures = () => [...document.querySelectorAll('.gan-widget[data-kind="plane"]')];
const count = (n) => n.toLocaleString("en");
const promised = (begin) => new Promise(begin);
const seenAgain = () => promised((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
const nextFrame = () => promised((resolve) => (document.hidden ? setTimeout : requestAnimationFrame)(resolve));

async function trainPlane(root, data, figure) {
  await new Plane(root, data, figure).first; // until then the still picture is shown
}
trainPlane.wanted = (figure) => readPlane(location.hash)?.figure === planeFigures().indexOf(figure) + 1;

class Plane {
  constructor(root, data, figure) {
    Object.assign(this, { root, number: planeFigures().indexOf(figure) + 1, target: "both", run: null, told: -Infinity });
    this.shown = { data: true, samples: true, map: true, arrows: true, fold: false };
    this.views = [0, 1].map((i) => new PlayView(this.shown, (points, done) => this.painted(i, points, done)));
    this.diagram = gameDiagram();
    this.layOut();
    addEventListener("hashchange", () => this.fromLink());
    this.first = this.tail = this.begin(data.plays.map((settings) => ({ ...START, ...settings })));
    this.fromLink();
  }

  /* ---------------------------------------------------------------------------------------- what is on the page */

  layOut() {
    const row = (name, ...children) =>
      element("div", { class: "gan-buttons", role: "group", "aria-label": name }, ...children);
    const folded = (title, ...children) => element("details", {}, element("summary", {}, title), ...children);
    const checkbox = (checked, text, changed, more = {}) => {
      const box = element("input", { type: "checkbox" });
      box.checked = checked;
      box.addEventListener("change", () => changed(box.checked));
      return Object.assign(element("label", more, box, text), { box });
    };
    this.trainButton = button("Train", () => (this.run ? this.stop() : this.train()));
    this.trainButton.className = "gan-train";
    const speeds = Object.entries(SPEEDS).map(([value, text]) => element("option", { value }, text));
    this.speed = element("select", {}, ...speeds);
    this.about = element("p", { class: "gan-about" }, LEAD);
    this.status = element("p", { role: "status" });
    this.alarm = element("div", { role: "alert" });
    this.arena = element("div", { class: "gan-plays" });
    this.rows = PLANE_SETTINGS.map((setting) => this.makeRow(setting));
    this.groups = [...new Set(PLANE_SETTINGS.map((setting) => setting.group))].map((group) => {
      const summary = element("span"), rows = this.rows.filter((each) => each.group === group).map((each) => each.node);
      return { group, summary, node: folded(element("span", {}, element("b", {}, group), " ", summary), ...rows) };
    });
    this.clear = button("Clear the painting", () => this.painted(this.meant[0], [], true));
    this.groups[0].node.append(this.clear);
    this.second = checkbox(false, "a second play beside it", (on) => this.anew(([one]) => (on ? [one, one] : [one])));
    const targets = ["both", ...SIDES].map((name) => this.makeTarget(name));
    this.targets = row("which play the settings change", "settings of", ...targets);
    this.code = element("code");
    const box = { class: "gan-python", tabindex: 0, role: "region", "aria-label": "the same training in PyTorch" };
    this.python = folded("Show the PyTorch", element("pre", box, this.code));
    this.python.addEventListener("toggle", () => this.tell());
    this.root.append(
      row("training", this.trainButton, button("One update", () => this.step("train", { updates: 1 })),
        button("Half an update", () => this.step("half")), button("Reset", () => this.anew((same) => same, false)),
        element("label", {}, "speed", this.speed)),
      row("stories", ...PRESETS.map((preset) => button(preset.title, () => this.story(preset)))),
      this.about, this.status, element("div", { class: "gan-arena" }, this.arena, this.alarm),
      row("what is drawn", ...Object.entries(LAYERS).map(([name, text]) => checkbox(this.shown[name], text, (on) => {
        this.shown[name] = on;
        this.act(() => this.see());
      }, { class: "gan-layer", "data-layer": name }))),
      element("div", { class: "gan-groups" }, this.targets, ...this.groups.map((group) => group.node)),
      row("more", this.second, button("Link", () => this.link())), this.python);
  }

  makeTarget(name) {
    const radio = element("input", { type: "radio", name: `gan-target-${this.number}` });
    radio.checked = name === "both";
    radio.addEventListener("change", () => { this.target = name; this.showSettings(); this.tell(); });
    return element("label", {}, radio, name);
  }

  /* A setting's control: a list of words, a box for the seed, else a slider over its values. */
  makeRow({ name, label, group, values, words }) {
    const output = element("span", { class: "gan-value" }), last = values.length - 1;
    let control, show, read;
    if (words) {
      control = element("select", {}, ...words.map((word) => element("option", {}, word)));
      show = (value) => { control.selectedIndex = values.indexOf(value); };
      read = () => values[control.selectedIndex];
    } else if (name === "seed") {
      control = element("input", { type: "number", min: values[0], max: values[last], step: 1 });
      show = (value) => { control.value = value; };
      read = () => valueOf("seed", control.value);
    } else {
      control = element("input", { type: "range", min: 0, max: last, step: 1 });
      const tell = (value) => { output.textContent = value; control.setAttribute("aria-valuetext", value); };
      show = (value) => { control.value = values.findLastIndex((v) => v <= value); tell(value); };
      read = () => values[control.valueAsNumber];
      control.addEventListener("input", () => tell(read()));
    }
    control.addEventListener("change", () => this.change(name, read()));
    const node = element("label", { class: "gan-setting" }, label, control);
    if (control.type === "range") node.append(output);
    return { name, group, show, node };
  }

  layPlays() {
    const { playing } = this, two = playing.length > 1;
    if (this.arena.children.length && two === !this.targets.hidden) return; // moved, they would lose the focus
    this.second.box.checked = two;
    this.targets.hidden = !two;
    if (!two) this.views[1].close();
    this.arena.replaceChildren(...playing.map((view) => view.node), ...(two ? [this.diagram.node] : []));
    this.arena.classList.toggle("gan-one", !two);
    if (!two) this.views[0].side.append(this.diagram.node);
  }

  showSettings() {
    const each = this.playing.map((view) => view.settings), settings = each[this.meant[0]];
    for (const { name, show, node } of this.rows) {
      show(settings[name]);
      node.hidden = !hasEffect(name, settings);
    }
    const said = ({ name, words }) => words || ALWAYS.includes(name) || settings[name] !== START[name];
    for (const { group, summary } of this.groups) {
      const shown = PLANE_SETTINGS.filter((setting) => setting.group === group && said(setting));
      summary.textContent = shown.map((setting) => told(setting, settings)).join(", ");
    }
    this.clear.hidden = settings.data !== "painted";
    const differs = PLANE_SETTINGS.filter(({ name }) => new Set(each.map((one) => one[name])).size > 1);
    this.playing.forEach((view, i) => {
      const own = differs.map((one) => told(one, each[i])).join(", ");
      view.title.textContent = each.length > 1 ? `${SIDES[i]}${own && `: ${own}`}` : "";
    });
  }

  paint(now = true) {
    for (const view of this.playing) view.paint();
    if (now || performance.now() - this.told > 250) this.tell();
  }

  /* In words and curves: at most four times a second while it trains. */
  tell(note) {
    this.told = performance.now();
    const { playing } = this, shown = playing[this.meant[0]];
    for (const view of playing) view.tell();
    const found = playing.map((view, i) => (view.found && playing.length > 1 ? `${SIDES[i]} ` : "") + view.found);
    const rate = this.run && this.speed.value === "full" && `${count(Math.round(this.slowest))} a second`;
    this.status.textContent = [`${count(playing[0].step)} updates`, ...found, rate, note].filter(Boolean).join(" · ");
    if (this.python.open) this.code.textContent = planePython(shown.play, shown.step);
  }

  get slowest() {
    return Math.min(...this.playing.map((view) => view.perSecond));
  }

  warn(text, ...more) {
    this.alarm.replaceChildren(...(text ? [element("p", {}, text), ...more] : []));
  }

  /* ---------------------------------------------------------------------------------------- what happens, in turn */

  /* Whatever asks the trainers waits for what came before; a training that runs stops for it, and goes on after it. */
  act(task, again = Boolean(this.run)) {
    this.stop();
    this.tail = this.tail.then(task).catch((error) => this.fail(error));
    if (again) this.train();
  }

  train(task = (run) => this.keepTraining(run)) {
    const run = (this.run = {});
    this.trainButton.textContent = "Pause";
    this.tail = this.tail.then(() => task(run)).catch((error) => this.fail(error)).then(() => {
      if (this.run === run) this.stop();
      this.tell();
    });
  }

  stop() {
    this.run = null;
    this.wake?.();
    this.trainButton.textContent = "Train";
  }

  fail(error) {
    this.stop();
    this.warn(`The training stopped: ${error.message}. Press Reset to begin again.`);
  }

  /* Every play from its first update on. */
  async begin(settings) {
    this.playing = this.views.slice(0, settings.length);
    this.layPlays();
    this.diagram.show();
    await Promise.all(this.playing.map((view, i) => view.begin({ settings: settings[i], changes: [] })));
    this.showSettings();
    this.warn(this.lacks);
    this.paint();
  }

  anew(change, again) {
    this.act(() => this.begin(change(this.playing.map((view) => view.settings))), again);
  }

  /* At full speed the trainers work on the next piece while the last one is painted. */
  async keepTraining(run) {
    this.warn(this.lacks);
    if (this.lacks) return;
    this.diagram.show();
    for (let coming = null; coming || this.run === run;) {
      const answers = await (coming || this.piece()), rest = PACE[this.speed.value]?.[1];
      coming = null;
      if (!this.root.isConnected) return void this.views.forEach((view) => view.close());
      if (!this.take(answers)) this.stop();
      if (this.run === run && document.hidden) await seenAgain();
      if (this.run === run && !rest) coming = this.piece();
      await nextFrame();
      this.paint(false);
      if (this.run === run && rest) await promised((resolve) => setTimeout(this.wake = resolve, 1000 * rest));
    }
    await this.level();
  }

  /* Two plays end at the same update. */
  async level() {
    const most = Math.max(...this.playing.map((view) => view.step));
    if (!this.alarm.firstChild) await Promise.all(this.playing.map((view) => view.repeat([], most, () => true)));
    this.paint();
  }

  /* The next piece of every play. Two go side by side: as many updates of each. */
  piece() {
    const { playing } = this, [updates] = PACE[this.speed.value] || [];
    if (updates === 0) return this.ask("half");
    if (!updates && playing.length === 1) return this.ask("train", () => ({ updates: Infinity, ms: PIECE }));
    const most = Math.max(...playing.map((view) => view.step));
    const end = most + (updates || Math.max(1, Math.round((this.slowest * PIECE) / 1000)));
    return this.ask("train", (view) => ({ updates: end - view.step, ms: 4 * PIECE }));
  }

  ask(task, what = () => ({})) {
    return Promise.all(this.playing.map((view) => view.ask(task, what(view))));
  }

  /* → whether all went well */
  take(answers) {
    answers.forEach(({ answer, look }, i) => this.playing[i].take(answer, look));
    const wrong = answers.findIndex(({ answer }) => answer.diverged || answer.raised);
    if (answers[0].answer.turn) this.diagram.show(answers[0].answer);
    if (wrong >= 0) this.offerStepBack(this.playing[wrong], answers[wrong].answer);
    return wrong < 0;
  }

  /* The last good state is back already, and would end in the same way. */
  offerStepBack({ step }, { diverged, raised }) {
    const tenth = (rate) => Math.max(RATES[0], Number((rate / 10).toPrecision(1)));
    const goOn = async () => {
      for (const view of this.playing) {
        view.curves.clear();
        for (const name of ["lr_g", "lr_d"]) await view.change(name, tenth(view.settings[name]));
      }
      this.showSettings();
    };
    const offer = `Go on from update ${count(step)} with a tenth of both rates`;
    this.warn(`${diverged || raised}.`, button(offer, () => this.act(goOn, true)));
  }

  /* What keeps the plays from being trained, or nothing. */
  get lacks() {
    return this.playing.map((view) => view.lacks).find(Boolean);
  }

  /* ---------------------------------------------------------------------------------------- what the reader does */

  step(task, what) {
    this.act(async () => {
      this.warn(this.lacks);
      if (this.lacks) return;
      this.diagram.show();
      this.take(await this.ask(task, () => what));
      this.paint();
    }, false);
  }

  async see() {
    await Promise.all(this.playing.map((view) => view.trainer && view.see()));
    this.paint();
  }

  /* Which of the plays a setting is meant for. */
  get meant() {
    const both = this.playing.map((_, i) => i);
    return both.length === 1 || this.target === "both" ? both : [SIDES.indexOf(this.target)];
  }

  /* Some settings change a training from here on; the others begin a new one, of both plays: they stay side by side. */
  change(name, value, plays = this.meant) {
    if (value === undefined) {
      this.warn("This seed is not possible; type a whole number from 0 to 4294967295.");
      return this.showSettings();
    }
    this.act(async () => {
      const { playing } = this, [{ step }] = playing, goesOn = step && ON_THE_WAY.includes(name);
      const said = name === "points" ? "your points" : told(settingOf(name), { [name]: value });
      this.about.textContent = goesOn ? `From update ${count(step)} on: ${said}.` : `A new training: ${said}.`;
      const changed = (settings, i) => (plays.includes(i) ? { ...settings, [name]: value } : settings);
      if (!goesOn) return this.begin(playing.map((view, i) => changed(view.settings, i)));
      for (const i of plays) await playing[i].change(name, value);
      this.showSettings();
      await this.see();
    });
  }

  story({ title, about, recipe, beside }) {
    this.about.textContent = `${title}: ${about}`;
    this.anew(() => [recipe, beside].filter(Boolean).map(settingsOf), true);
  }

  /* While the reader draws, the points are seen; when the stroke ends, the training begins with them. */
  painted(i, points, done) {
    if (!done) return this.views[i].paint();
    this.change("points", packPoints(points), this.target === "both" ? this.meant : [i]);
  }

  link() {
    this.act(() => {
      const { playing, number } = this, plays = playing.map((view) => view.play);
      const hash = writePlane({ plays, updates: playing[0].step, figure: number });
      this.ownLink = location.hash !== hash;
      location.hash = hash;
      this.tell("the address of this page now leads here; copy it");
    }, false);
  }

  /* A link trains again, up to the update that it names. */
  fromLink() {
    const asked = this.ownLink ? null : readPlane(location.hash);
    this.ownLink = false;
    if (asked?.figure !== this.number) return;
    this.stop();
    if (asked.updates) this.about.textContent = `The link trains again, to update ${count(asked.updates)}.`;
    this.train(async (run) => {
      await this.begin(asked.plays.map((play) => play.settings));
      const goesOn = () => {
        this.paint(false);
        return this.run === run;
      };
      const again = (view, i) => view.repeat(asked.plays[i].changes, asked.updates, goesOn);
      const ends = await Promise.all(this.playing.map(again));
      this.showSettings();
      this.paint();
      const wrong = ends.findIndex(Boolean);
      if (asked.problem) this.warn(asked.problem);
      if (wrong >= 0) this.offerStepBack(this.playing[wrong], ends[wrong]);
    });
  }
}

mount("plane", trainPlane);
