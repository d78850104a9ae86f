/* Chapter 3's loop, and ten ways to break it. */

const LOOP = { // its lines, by short names
  forward: "    return self.fc2(h)  # D’s last line: a logit",
  g_adam: "g_adam = torch.optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.999))",
  d_adam: "d_adam = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))",
  rows: "rows = torch.randint(len(images.pixels), (64,))",
  real: "real = data.to_range(images.pixels[rows])  # between −1 and 1",
  fake: "fake = G(torch.randn(64, 100))",
  d_loss: "d_loss = softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()",
  d_zero: "d_adam.zero_grad()",
  d_backward: "d_loss.backward()",
  d_step: "d_adam.step()",
  g_loss: "g_loss = softplus(-D(fake)).mean()",
  g_zero: "g_adam.zero_grad()",
  g_backward: "g_loss.backward()",
  g_step: "g_adam.step()",
};

const still = ({ changed, d_fake }) => changed === 0 && d_fake < 0.05 && `no pixel has changed, and D(fake) is ${d_fake.toFixed(2)}`;

/* By the names that train/recipe.js has for them.
 * lines: what they become; null: the line is missing. value: of the setting, true if left out.
 * seen: from PictureTraining.measures() → what is seen of the symptom, or something false. */
const MISTAKES = {
  g_detached: {
    title: "detach in G’s step",
    lines: { g_loss: "g_loss = softplus(-D(fake.detach())).mean()" },
    expect: "no error message, yet no pixel changes, and D(fake) sinks to 0. Every .grad of G is None.",
    seen: still,
  },
  d_attached: {
    title: "no detach in D’s step",
    lines: { d_loss: "d_loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()" },
    expect: "an error message in the first update. D’s backward went on through G and freed the graph that G’s backward needs.",
    seen: ({ raised }) => raised && "G’s backward has raised it",
  },
  d_frozen: {
    title: "D never learns",
    lines: { d_step: null },
    expect: "D(fake) climbs to 1 and the loss of G sinks to 0, while the pictures are one and the same nonsense.",
    seen: ({ d_fake, g_loss }) => d_fake > 0.95 && `D(fake) is ${d_fake.toFixed(2)}, the loss of G ${g_loss.toFixed(2)}`,
  },
  g_frozen: {
    title: "G never learns",
    lines: { g_step: null },
    expect: "the same curves as with detach in G’s step, and no pixel changes; but every .grad of G holds numbers.",
    seen: still,
  },
  no_zero_grad: {
    title: "zero_grad forgotten",
    lines: { d_zero: null, g_zero: null },
    expect: "losses that grow without end, and pixels that are either black or white: each step repeats all earlier gradients.",
    seen: ({ d_loss, extreme }) => d_loss > 5 && extreme > 0.7 && `the loss of D is ${d_loss.toFixed(1)}, and ${percent(extreme)} of the pixels are black or white`,
  },
  sigmoid_twice: {
    title: "a sigmoid too many",
    lines: { forward: "    return self.fc2(h).sigmoid()  # D’s last line: a probability, taken for a logit" },
    expect: "D can no longer be sure: D(real) stays below 0.74, D(fake) above 0.49, the loss of D above 1.00. Later they often stick.",
    seen: ({ step, d_real, d_fake, d_loss }) => step >= 100 && d_real < 0.74 && d_fake > 0.49 && d_loss > 1
      && `D(real) is ${d_real.toFixed(2)}, D(fake) ${d_fake.toFixed(2)}, the loss of D ${d_loss.toFixed(2)}`,
  },
  batch: {
    title: "a batch of 4,096",
    value: (n) => Math.min(4096, n),
    lines: { rows: "rows = torch.randint(len(images.pixels), (4096,))", fake: "fake = G(torch.randn(4096, 100))" },
    expect: "better gradients, 64 times as slowly: a few updates a second, and each brings the pictures hardly further than a small batch would.",
    seen: ({ seconds, step }) => seconds > 8 && step < 20 * seconds && `${updates(step)} in ${seconds.toFixed(0)} seconds`,
  },
  rates: {
    title: "both learning rates × 10",
    value: () => 10,
    lines: {
      g_adam: "g_adam = torch.optim.Adam(G.parameters(), lr=2e-2, betas=(0.5, 0.999))",
      d_adam: "d_adam = torch.optim.Adam(D.parameters(), lr=2e-2, betas=(0.5, 0.999))",
    },
    expect: "hard black and white: the steps are so long that tanh is driven to its ends, where it hardly learns.",
    seen: ({ extreme }) => extreme > 0.5 && `${percent(extreme)} of the pixels are black or white`,
  },
  zero_to_one: {
    title: "data in 0…1",
    lines: { real: "real = images.pixels[rows] / 255  # between 0 and 1" },
    expect: "a grey veil. The background never gets black: the black of the data is 0, which is grey in the −1…1 of G’s tanh.",
    seen: ({ step, corner }) => step >= 200 && corner > 90 && `the corners are grey (${corner.toFixed(0)} of 255)`,
  },
  labels_swapped: {
    title: "labels swapped in D’s step",
    lines: { d_loss: "d_loss = softplus(D(real)).mean() + softplus(-D(fake.detach())).mean()" },
    expect: "both losses sink to 0 and the pictures stay noise: D calls fakes real, which is all that G wants.",
    seen: ({ d_real, d_fake }) => d_real < 0.02 && d_fake > 0.98 && `D(real) is ${d_real.toFixed(2)}, D(fake) ${d_fake.toFixed(2)}`,
  },
};

const brokenBy = (mistake, n) => (mistake ? { [mistake]: MISTAKES[mistake].value?.(n) ?? true } : {});

/* Each line of the loop as an item of a list; one that changes, as it was and as it is now. */
function loopLines(changes = {}, n) {
  const code = (tag, text) => element(tag, {}, element("code", {}, text.replace("4096", Math.min(4096, n))));
  return Object.entries(LOOP).map(([name, line]) => {
    if (!(name in changes)) return element("li", {}, element("code", {}, line));
    return element("li", { class: "gan-changed" }, code("del", line), ...(changes[name] === null ? [] : [code("ins", changes[name])]));
  });
}

/* Of the pictures: changed, by how many grey levels they differ from the first ones; corner, the grey level of their upper left
 * corners, where clothes have none; extreme, the share of their pixels that are black or white. */
function measured(grey, first) {
  const corner = [0, 1, 2, 28, 29, 30, 56, 57, 58];
  let changed = 0, dark = 0, extreme = 0;
  grey.forEach((v, i) => {
    changed += Math.abs(v - first[i]);
    if (v < 2 || v > 253) extreme++;
    if (corner.includes(i % 784)) dark += v;
  });
  return { changed: changed / grey.length, corner: (784 * dark) / grey.length / corner.length, extreme: extreme / grey.length };
}

const percent = (part) => `${Math.round(100 * part)} %`;
