/* Stories for the plane, each in one press: what differs from RECIPE, and what to look at. What is said was measured with
 * the seeds 0 to 5 by tests/widgets/plane_stories.py: `works` finds all eight clouds with five of them. */
const PRESETS = [
  {
    title: "works",
    about: "D learns twice as fast as G, its labels are smoothed, and an average of G draws. Within a few thousand updates there are eight clouds (of the seeds 0 to 5, one stays at six).",
    recipe: { latent_dim: 2, lr_d: 2e-3, ema: 0.99, batch_size: 128, smoothing: 0.1 },
  },
  {
    title: "collapses",
    about: "G learns ten times as fast as D. All samples run to the same place; when D has noticed, they run to the next. At most one or two clouds are held at a time.",
    recipe: { game: "hinge", latent_dim: 2, lr_g: 0.01, lr_d: 1e-3, ema: null, batch_size: 128 },
  },
  {
    title: "D too strong",
    about: "Five updates of D for one of G, and at 25 times its rate. D(real) and D(fake) stay far apart, the arrows are long and point everywhere, and G holds one cloud or two.",
    recipe: { latent_dim: 2, lr_g: 2e-4, lr_d: 5e-3, d_steps: 5, ema: null, batch_size: 128 },
  },
  {
    title: "G circles",
    about: "Two clouds, a critic with clipped weights, and β₁ = 0.9: steps go on in yesterday’s direction. G swings from side to side every one or two hundred updates, and rests on neither.",
    recipe: { data: "two", game: "wgan", clip: 0.1, latent_dim: 2, lr_g: 1e-3, lr_d: 1e-3, beta1: 0.9, ema: null, batch_size: 128 },
  },
  {
    title: "saturates",
    about: "D is sure of every sample. Left, G’s loss is log(1 − D): for some hundred updates the arrows have no length, and nothing moves. Right, −log D: D is as sure, and the arrows are long.",
    recipe: { game: "minimax", latent_dim: 2, lr_g: 2e-5, lr_d: 5e-3, d_steps: 5, ema: null, batch_size: 128 },
    beside: { game: "non-saturating", latent_dim: 2, lr_g: 2e-5, lr_d: 5e-3, d_steps: 5, ema: null, batch_size: 128 },
  },
];
