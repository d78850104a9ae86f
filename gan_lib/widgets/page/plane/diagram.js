/* The game as a diagram: what the last half of an update read, which way the gradient went, what it changed. */

const TURNS = {
  none: "An update has two halves, D’s turn and G’s. Half an update draws one of them here.",
  D: "D’s turn: it reads data and samples, cut off from G by detach. The gradient ends in D, whose weights change.",
  G: "G’s turn: the same samples, not cut off. The gradient goes through D, frozen, into G, whose weights change.",
};
const HEAD = "l-5,-4m5,4l-5,4", TAIL = "l5,-4m-5,4l5,4"; // ends of an arrow to the right, to the left
const GAME = `
  <path data-part="z" d="M26,34H48${HEAD}"/><path data-part="G" d="M94,34h20${HEAD}"/>
  <path data-part="fakes" d="M176,34h30${HEAD}"/><path data-part="data" d="M164,96h42${HEAD}"/>
  <path d="M252,65h28${HEAD}"/><path data-way="D" d="M282,80h-30${TAIL}"/>
  <path data-way="G" d="M206,48h-30${TAIL}M114,48h-20${TAIL}"/>
  <rect data-part="G" x="48" y="16" width="46" height="42" rx="5"/>
  <rect data-part="D" x="206" y="16" width="46" height="98" rx="5"/>
  <text data-part="z" x="14" y="34">z</text><text data-part="G" x="71" y="34">G</text>
  <text data-part="fakes" x="144" y="34">samples</text><text data-part="data" x="144" y="96">data</text>
  <text data-part="D" x="229" y="65">D</text>
  <text data-cut="" x="186" y="14">detach</text><text data-loss="" x="312" y="65"></text>`;

function gameDiagram() {
  const picture = svg("svg", { class: "gan-game", viewBox: "0 0 345 120", role: "img" });
  const told = element("p", { class: "gan-told" });
  picture.innerHTML = GAME;
  picture.setAttribute("aria-label", "z goes into G; G’s samples and the data go into D, and D’s logits into the loss");

  /* what: an answer of "half"; undefined: nothing is lit */
  function show(what) {
    const { turn, reads = [], gradient = [], changes = [] } = what || {}, used = [...reads, ...gradient, "fakes"];
    for (const node of picture.children) {
      const { part, way, cut, loss } = node.dataset;
      node.classList.toggle("gan-changed", changes.includes(part));
      if (part) node.setAttribute("opacity", turn && !used.includes(part) ? 0.3 : 1);
      if (way) node.setAttribute("opacity", Number(gradient.includes(way)));
      if (cut === "") node.setAttribute("opacity", Number(turn === "D" && !gradient.includes("G")));
      if (loss === "") node.textContent = turn ? `loss of ${turn}` : "loss";
    }
    told.textContent = TURNS[turn || "none"];
  }

  show();
  return { node: element("div", { class: "gan-diagram" }, picture, told), show };
}
