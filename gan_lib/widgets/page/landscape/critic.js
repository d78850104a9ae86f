/* gan_lib/chapters/critic.py in the page: a critic learns to tell two clouds apart which stand still. It uses nothing but
 * TORCH and TRAINER, because its text is also a worker's program. */

/* real, made: x, y, x, y, …; recipe: { game, weight, clip, layers, width, rate, seed }; side: places on each axis at which
 * the critic is asked. The one task: change what the recipe says, begin anew if it is asked to, train, look. */
function criticTasks({ recipe, real, made, side, wasm }) {
  const torch = smallTorch(wasm), points = (list) => torch.tensor(list, [list.length / 2, 2]);
  const along = (k) => (2 * k) / (side - 1) - 1, everywhere = [...real, ...made], n = real.length / 2;
  const grid = Array.from({ length: side ** 2 }, (_, i) => [along(i % side), -along(Math.floor(i / side))]).flat();
  const [onReal, onMade, onBoth, onGrid] = [real, made, everywhere, grid].map(points);
  let critic, adam, game, step, places;
  begin();

  function begin() {
    const discriminator = { hidden: recipe.layers - 1, width: recipe.width };
    torch.manual_seed(recipe.seed);
    critic = pageNetworks(torch, { networks: "points", discriminator }, 0).newDiscriminator();
    adam = torch.optim.Adam(critic.parameters(), { lr: recipe.rate });
    step = 0;
    places = null;
  }

  function update() {
    const batch = { real: onReal, fake: onMade.index(torch.randperm(n)) };
    let asked; // the last time, of a penalty: where it looks
    adam.zero_grad();
    game.d_loss((x) => critic.forward(asked = x), batch).loss.backward();
    adam.step();
    if (game.clip) torch.no_grad(() => critic.parameters().forEach((w) => w.clamp_(-game.clip, game.clip)));
    places = recipe.game === "wgan-gp" ? asked.data : null;
    step++;
  }

  /* Its values, and how long the gradient is at the input of each linear layer, first to last. */
  function passed(points) {
    const weights = critic.parameters(), inputs = [];
    let h = points.detach().requires_grad_();
    for (let i = 0; i < weights.length; i += 2) {
      if (i) h = h.leaky_relu(0.2);
      inputs.push(h);
      h = h.linear(weights[i], weights[i + 1]);
    }
    return { values: h.data, lengths: torch.autograd.grad(h.sum(), inputs).map((gradient) => gradient.norm(1).data) };
  }

  function look() {
    const { values, lengths } = passed(onBoth), { values: heights, lengths: [slopes] } = passed(onGrid);
    const value = meanOf(values.subarray(0, n)) - meanOf(values.subarray(n));
    return { step, value, steepest: steepestOf(values, everywhere), layers: lengths.map(meanOf), heights, slopes, places };
  }

  return {
    train({ changes = {}, updates = Infinity, ms = Infinity }) {
      const start = Date.now();
      Object.assign(recipe, changes);
      game = pageGame(torch, recipe);
      if (changes.anew) begin();
      for (let i = 0; i < updates && (!i || Date.now() - start < ms); i++) update();
      return look();
    },
  };
}

/* gan_lib's transport.steepest: of values at points x, y, …, the largest slope between any two. */
function steepestOf(values, points) {
  let most = 0;
  values.forEach((value, i) => values.subarray(0, i).forEach((other, j) => {
    const apart = Math.hypot(points[2 * i] - points[2 * j], points[2 * i + 1] - points[2 * j + 1]);
    most = Math.max(most, Math.abs(value - other) / apart);
  }));
  return most;
}
