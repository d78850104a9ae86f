/* gan_lib/training/state.py: all that a training is at one moment, by the same seeds.
 * data: { rows: Float32Array in −1…1, or Uint8Array of pictures, n, d, labels, classes } */
function pageState(torch, recipe, data) {
  checkBatch(recipe.batch_size, data.n);
  const game = pageGame(torch, recipe), { Adam, RMSprop, SGD } = torch.optim, betas = [recipe.beta1, recipe.beta2];
  const { newGenerator, newDiscriminator } = pageNetworks(torch, recipe, game.conditional ? data.classes : 0);
  torch.manual_seed(recipe.seed);
  const generator = newGenerator(), discriminator = newDiscriminator(), average = recipe.ema && newGenerator();
  if (average) {
    average.load_state_dict(generator.state_dict());
    average.requires_grad_(false);
  }
  const Optimizer = known({ adam: Adam, rmsprop: RMSprop, sgd: SGD }, recipe.optimizer);
  const rng = torch.generator(recipe.seed), rows = shuffledRows(data.n, rng);
  const state = {
    torch, recipe, data, game, generator, discriminator, average, rng, rows, step: 0,
    g_optimizer: Optimizer(generator.parameters(), { betas }),
    d_optimizer: Optimizer(discriminator.parameters(), { betas }),
    last: null, // of the last whole update
    pending: null, // the batch of D's turn, until G had its own
  };
  setRates(state);
  return state;
}

function setRates({ recipe, g_optimizer, d_optimizer }) {
  const times = recipe.broken.rates || 1;
  g_optimizer.lr = times * recipe.lr_g;
  d_optimizer.lr = times * recipe.lr_d;
}

function checkBatch(size, n) {
  if (size >= 1 && size <= n) return;
  throw new Error(`a batch of ${size} is not possible with ${n} in the data; choose 1…${n}`);
}

/* The rows of one batch after the other: each epoch a new order, no short batch at its end. */
function shuffledRows(n, rng) {
  const rows = { order: [], start: 0 };
  rows.next = (size) => {
    checkBatch(size, n);
    if (rows.start + size > rows.order.length) Object.assign(rows, { order: rng.randperm(n), start: 0 });
    return rows.order.subarray(rows.start, (rows.start += size));
  };
  return rows;
}
