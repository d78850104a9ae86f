/* A generator that was trained in the page a moment ago: as engine.js runs it, in an explorer, and as a file. */

/* MLPGenerator's state_dict, { name: { data, shape } } → what widgets/export.py makes of it. */
function exportedMlp(weights) {
  const names = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"], [first, , second] = names.map((name) => weights[name].shape);
  const numbers = Float32Array.from(names.flatMap((name) => [...weights[name].data]));
  return {
    latent_dim: first[1], shape: [1, 28, 28], dtype: "float32", numbers: numbers.length, labels: null, data: base64Text(numbers),
    layers: [{ op: "linear", in: first[1], out: first[0] }, { op: "leaky_relu", slope: 0.2 },
      { op: "linear", in: second[1], out: second[0] }, { op: "tanh" }],
  };
}

function base64Text({ buffer }) {
  const bytes = new Uint8Array(buffer);
  return bytes.toBase64?.() ?? btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/* An explorer over one generator after the other. */
class FreshExplorer {
  constructor(figure) {
    this.title = element("p", { class: "gan-title" });
    this.node = element("div", { class: "gan-fresh" }, this.title);
    this.figure = figure;
  }

  async show(weights, title) {
    const network = exportedMlp(weights), engine = await start(network, network.data);
    this.title.textContent = title;
    if (this.view) {
      Object.assign(this.view, { engine, stripOf: "", effectOf: "" });
      this.explorer.redraw();
      return;
    }
    const root = element("div"), spec = { generators: [{ network }], dims: [5, 25, 45, 65, 85], seed: 2 };
    this.view = new LatentView({ network }, engine);
    this.explorer = new LatentExplorer(root, spec, this.figure, [this.view]);
    for (const link of root.querySelectorAll("button")) if (link.textContent === "Link") link.remove(); // it leads to recorded ones
    await this.explorer.first;
    this.node.append(root);
  }
}

/* The file, and how Python opens it. */
const fileName = (step) => `generator-${step}.safetensors`;
const pythonOf = (name) => [
  "from gan_lib.networks.mlp import MLPGenerator",
  "from safetensors.torch import load_file",
  "generator = MLPGenerator()",
  `generator.load_state_dict(load_file("${name}"))`,
].join("\n");

function download(name, bytes) {
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser may ask the reader first
}
