/* What a training in the page can be told, and stories to begin with. */

const RECIPE = {
  networks: "points", // or "pictures": gan_lib's MLPGenerator and MLPDiscriminator
  data: "ring8", // a name of TOY_SETS, or "painted"
  game: "non-saturating", // a name of GAME_NAMES
  smoothing: 0, // of the non-saturating game: gan_lib's smoothed(smoothing)
  clip: 0.1, // of wgan
  weight: 1, // of the penalty on D's slope: λ of wgan-gp, γ of r1, r1-r2 and relativistic; of acgan's class term
  generator: { hidden: 2, width: 64 }, // hidden layers (points alone) and the width of each
  discriminator: { hidden: 2, width: 64 },
  latent_dim: 8,
  uniform: false, // z from −1…1 instead of N(0, 1)
  optimizer: "adam", // or "rmsprop", "sgd"
  lr_g: 1e-3,
  lr_d: 1e-3,
  beta1: 0.5, // of adam, as beta2
  beta2: 0.999,
  batch_size: 256,
  d_steps: 1,
  ema: 0.995, // or null; what is drawn is then G's moving average
  seed: 0,
  broken: {}, // true: g_detached, d_attached, d_frozen, g_frozen, no_zero_grad, sigmoid_twice, zero_to_one,
  // labels_swapped; batch: 4096, instead of batch_size; rates: 10, times both
};

const GAME_NAMES = ["minimax", "non-saturating", "hinge", "least-squares", "wgan", "wgan-gp", "r1", "r1-r2", "relativistic"];

/* name → what it is called, and the line of gan_lib that makes it. */
const TOY_SETS = {
  line: { title: "a line", python: "toy.line(8_192)" },
  two: { title: "two clouds", python: "toy.two(8_192)" },
  ring8: { title: "eight clouds", python: "toy.ring(8_192, 8)" },
  grid25: { title: "twenty-five clouds", python: "toy.grid(8_192, 5)" },
  circle: { title: "a ring", python: "toy.circle(8_192)" },
  moons: { title: "two moons", python: "toy.moons(8_192)" },
};
