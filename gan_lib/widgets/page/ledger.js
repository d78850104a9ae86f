/* The gradient ledger: a choice of wiring → what was recorded when it really ran. */

const MEANING = {
  right: "uses exactly the gradient of its own loss",
  none: "gets no gradient: nothing moves",
  "not reached": "is not reached",
};

function showLedger(root, spec) {
  const choice = { ...spec.start }, id = Math.random();
  const code = element("ol", { class: "gan-code" }), verdict = element("div", { role: "status" });
  const option = (name, value, text) => {
    const radio = element("input", { type: "radio", name: `${name}-${id}`, value });
    radio.checked = choice[name] === value;
    radio.addEventListener("change", () => { choice[name] = value; show(); });
    return element("label", {}, radio, text);
  };
  const flag = (name, text) => {
    const box = element("input", { type: "checkbox" });
    box.checked = choice[name];
    box.addEventListener("change", () => { choice[name] = box.checked; show(); });
    return element("label", {}, box, element("code", {}, text));
  };
  const group = (name, ...children) => element("div", { class: "gan-buttons", role: "group", "aria-label": name }, ...children);

  function show() {
    const { order, forwards, detach, retain_graph, freeze } = choice;
    const outcome = spec.outcomes[[order, forwards, +detach, +retain_graph, +freeze].join(" ")];
    code.replaceChildren(...outcome.lines.map((_, i) => codeLine(outcome, i)));
    verdict.replaceChildren(verdictOn("D", outcome.steps.D), verdictOn("G", outcome.steps.G));
    if (outcome.error)
      verdict.append(element("p", { class: "gan-error" }, `Line ${outcome.error[0] + 1} raises an error; the lines after it do not run.`));
  }

  root.append(
    group("order of the steps", ...Object.entries(spec.orders).map(([name, text]) => option("order", name, text))),
    group("forward passes of G", option("forwards", 2, "two forward passes"), option("forwards", 1, "one forward pass")),
    group("switches", flag("detach", "detach()"), flag("retain_graph", "retain_graph=True"), flag("freeze", "D.requires_grad_(False)")),
    code, element("p", {}, "The figures are the lengths (norms) of what each backward adds to .grad."), verdict);
  show();
}

/* Line i of the code, with the gradients that it added or the error that it raised. */
function codeLine({ lines, gradients, error }, i) {
  const [failed, why] = error || [Infinity, ""], added = gradients[i];
  const row = element("li", {}, element("code", {}, lines[i]));
  if (added) row.append(element("span", { class: "gan-note" }, `adds to the gradients: G ${added.G.toFixed(2)}, D ${added.D.toFixed(2)}`));
  else if (i === failed) row.append(element("span", { class: "gan-error" }, `RuntimeError: ${why}`));
  if (i > failed) row.classList.add("gan-never");
  return row;
}

function verdictOn(who, said) {
  const [word, cosine] = said.split(" ");
  const text = MEANING[said] || `uses another gradient than that of its own loss (cosine between them ${cosine.replace("-", "−")})`;
  const mark = { right: "gan-right", wrong: "gan-wrong", none: "gan-none" }[word] || "";
  return element("p", { class: mark }, element("b", {}, `${who}’s step `), text + ".");
}

mount("ledger", showLedger);
