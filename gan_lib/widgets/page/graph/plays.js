/* Points of the plane under a wiring, beside the right loop: the same lines, with larger networks and other data. */

/* The same first weights, data and z for every wiring; raised: the line that did, in the first update, if one. G's moving
 * average is what is looked at, as on the plane. */
function wiringPlay(torch, lines) {
  const state = pageState(torch, { ...RECIPE, batch_size: 128 }, toySet(torch, "ring8")), size = state.recipe.batch_size;
  const called = ({ forward, requires_grad_ }) => Object.assign((x) => forward(x), { requires_grad_ });
  const names = {
    G: called(state.generator), D: called(state.discriminator), opt_g: state.g_optimizer, opt_d: state.d_optimizer,
    bce: torch.nn.functional.binary_cross_entropy_with_logits, ones: torch.ones(size, 1), zeros: torch.zeros(size, 1),
  };
  const play = { state, raised: -1 };

  play.update = () => {
    if (play.raised >= 0) return;
    names.real = realBatch(state, state.rows.next(size));
    names.z = state.rng.randn([size, state.recipe.latent_dim]);
    play.raised = lines.findIndex((line) => torchRaises(() => runLine(line, names)));
    if (play.raised >= 0) return;
    state.step++;
    updateAverage(state);
  };
  return play;
}

/* → the error that torch raises in it, if one. */
function torchRaises(work) {
  try {
    work();
  } catch (error) {
    if (error.name === "RuntimeError") return error;
    throw error;
  }
}

/* Both plays in view. They train a few milliseconds in each frame, and so not in a hidden tab. */
class WiringPlays {
  constructor(lines, say) {
    Object.assign(this, { lines, say, running: null });
    this.button = button("Train", () => (this.running ? this.pause() : this.train()));
    this.button.className = "gan-train";
    this.views = ["this wiring", "the right loop"].map((title) => ({ title, stage: new Stage(), said: element("p") }));
    this.node = element("div", { class: "gan-wirings" }, ...this.views.map(({ title, stage, said }) =>
      element("div", {}, element("p", { class: "gan-title" }, title), stage.canvas, said)));
    this.reset();
  }

  pause() {
    this.running = null;
    this.button.textContent = "Train";
  }

  /* Another wiring: the next Train begins anew. */
  reset() {
    this.pause();
    this.plays = null;
    this.node.hidden = true;
  }

  async train() {
    const mine = this.running = {}; // whoever pauses ends this turn, also while the kernel is being compiled
    this.button.textContent = "Pause";
    const wasm = await compileKernel();
    if (this.running !== mine) return;
    this.node.hidden = false;
    this.plays ??= this.lines().map((lines) => wiringPlay(smallTorch(wasm), lines));
    const lookAgain = () => [0, 1].forEach((i) => this.look(i));
    lookAgain();
    for (let turn = 0, seen = 0; ;) {
      const start = await new Promise(requestAnimationFrame);
      if (this.running !== mine || !this.node.isConnected) break;
      if (start - seen > 125) { // one of them in a frame
        seen = start;
        this.look(turn ^= 1);
      } else do this.plays.forEach((play) => play.update()); while (performance.now() - start < 7);
    }
    if (this.plays) lookAgain();
  }

  look(i) {
    const { state, raised } = this.plays[i], count = state.step.toLocaleString("en");
    const { title, stage, said } = this.views[i];
    const look = lookAtPoints(state, { samples: 400, real: 400, field: 44, w1: true });
    const words = `${look.modes.found} of 8 clouds, W₁ ${look.w1.toFixed(2)}`;
    stage.draw(look, { shown: { map: true, data: true, samples: true } });
    stage.canvas.setAttribute("aria-label", `${title} after ${count} updates: ${words}`);
    said.textContent = raised >= 0 ? `Line ${raised + 1} raises in the first update: nothing is trained.` : words;
    this.views[i].told = `${title}: ${words}`;
    if (i) this.say([`${count} updates`, ...this.views.map(({ told }) => told)].join(" · "));
  }
}
