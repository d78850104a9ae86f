/* What a trainer does when it is asked, see README.md. */
function trainerTasks({ recipe, data, wasm }) {
  const torch = smallTorch(wasm), isPlane = recipe.networks === "points";
  const state = pageState(torch, recipe, isPlane && !data?.rows ? toySet(torch, recipe.data, data?.painted) : data);
  let good = snapshotOf(state), keptAt = Date.now();

  /* Whatever trains goes through here. */
  function watched(train) {
    let found;
    try {
      found = train();
    } catch (error) {
      if (error.name !== "RuntimeError") throw error;
      return { ...progressOf(state), ended: true, raised: `RuntimeError: ${error.message}` };
    }
    const problem = problemOf(state);
    if (problem) {
      restored(state, good);
      const diverged = `${problem}; these are the weights of update ${state.step} again`;
      return { ...found, ...progressOf(state), ended: true, diverged };
    }
    if (!state.pending && Date.now() - keptAt >= 1000) {
      good = snapshotOf(state);
      keptAt = Date.now();
    }
    return { ...progressOf(state), ...found };
  }

  return {
    train: (asked) => watched(() => trained(state, asked)),
    half: () => watched(() => halfUpdate(state)),
    look: (asked) => (isPlane ? lookAtPoints : lookAtPictures)(state, asked),
    change(changes) {
      Object.assign(recipe, changes);
      state.game = pageGame(torch, recipe);
      setRates(state);
      return { step: state.step };
    },
    weights: () => ({ step: state.step, ...weightsOf(state) }),
    snapshot: () => snapshotOf(state),
    restore: (snapshot) => restored(state, snapshot.weights ? snapshot : good),
  };
}

function trained(state, { updates = 1, ms = Infinity }) {
  const history = [], start = Date.now();
  do {
    fullUpdate(state);
    const { d_loss, g_loss, d_real, d_fake } = state.last;
    history.push(state.step, d_loss, g_loss, d_real, d_fake);
  } while (history.length < 5 * updates && Date.now() - start < ms && !exploded(state.last));
  const updates_per_second = (200 * history.length) / Math.max(1, Date.now() - start);
  return { updates_per_second, history: Float32Array.from(history) };
}

function halfUpdate(state) {
  const { g_detached, g_frozen, d_attached, d_frozen } = state.recipe.broken;
  if (!state.pending) {
    state.half = dTurn(state);
    const gradient = d_attached ? ["D", "G"] : ["D"], changes = d_frozen ? [] : ["D"];
    return { turn: "D", ...state.half, reads: ["data", "z", "G", "D"], gradient, changes };
  }
  fullUpdate(state);
  const gradient = g_detached ? ["D"] : ["D", "G"], changes = g_frozen || g_detached ? [] : ["G"];
  return { turn: "G", reads: ["fakes", "D", "G"], gradient, changes };
}

function exploded({ d_loss, g_loss }) {
  return !(Math.abs(d_loss) < 1e6 && Math.abs(g_loss) < 1e6); // NaN among it
}

/* A sentence without its end, or nothing. */
function problemOf({ step, last, generator, discriminator }) {
  const said = (loss) => Number(loss.toPrecision(3)), after = `After ${step} updates`;
  if (last && exploded(last)) return `${after} the losses were ${said(last.d_loss)} (D) and ${said(last.g_loss)} (G)`;
  const weights = [...generator.parameters(), ...discriminator.parameters()];
  const isFine = weights.every(({ data }) => data.reduce((sum, w) => sum + 0 * w, 0) === 0);
  return isFine ? undefined : `${after} a weight was NaN or infinite`;
}

function weightsOf({ generator, discriminator, average }) {
  const [g, d, mean] = [generator, discriminator, average].map((network) => network && network.state_dict());
  return { generator: g, discriminator: d, average: mean };
}

/* All that decides what comes next. */
function snapshotOf(state) {
  if (state.pending) fullUpdate(state);
  const { step, last, rng, rows: { order, start }, g_optimizer, d_optimizer } = state;
  const optimizers = [g_optimizer, d_optimizer].map((optimizer) => optimizer.state_dict());
  return { step, last, weights: weightsOf(state), optimizers, rng: rng.get_state(), order, start };
}

function restored(state, { step, last, weights, optimizers: [g, d], rng, order, start }) {
  for (const [name, values] of Object.entries(weights)) if (values) state[name].load_state_dict(values);
  state.g_optimizer.load_state_dict(g);
  state.d_optimizer.load_state_dict(d);
  state.rng.set_state(rng);
  Object.assign(state.rows, { order, start });
  Object.assign(state, { step, last, pending: null });
  return { step };
}
