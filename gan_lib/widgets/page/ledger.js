/* The gradient ledger: a choice of wiring → what was recorded when it really ran. */

function showLedger(root, spec) {
  const choice = { ...spec.start };
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
  const id = Math.random();

  const MEANING = {
    right: "uses exactly the gradient of its own loss",
    none: "gets no gradient: nothing moves",
    "not reached": "is not reached",
  };

  function sentence(who, said) {
    const [word, cosine] = said.split(" ");
    const text = MEANING[said] || `uses another gradient than that of its own loss (cosine between them ${cosine.replace("-", "−")})`;
    return element("p", { class: `gan-${word}` }, element("b", {}, `${who}’s step `), text + ".");
  }

  function show() {
    const { order, forwards, detach, retain_graph, freeze } = choice;
    const outcome = spec.outcomes[[order, forwards, +detach, +retain_graph, +freeze].join(" ")];
    const [failed, why] = outcome.error || [Infinity, ""];
    code.replaceChildren(...outcome.lines.map((line, i) => {
      const added = outcome.gradients[i], note = added ? `adds to the gradients: G ${added.G.toFixed(2)}, D ${added.D.toFixed(2)}` : i === failed ? `RuntimeError: ${why}` : "";
      const row = element("li", {}, element("code", {}, line));
      if (note) row.append(element("span", { class: i === failed ? "gan-error" : "gan-note" }, note));
      if (i > failed) row.classList.add("gan-never");
      return row;
    }));
    verdict.replaceChildren(sentence("D", outcome.steps.D), sentence("G", outcome.steps.G),
      ...(why ? [element("p", { class: "gan-error" }, `Line ${failed + 1} raises an error; the lines after it do not run.`)] : []));
  }

  root.append(
    group("order of the steps", ...Object.entries(spec.orders).map(([name, text]) => option("order", name, text))),
    group("forward passes of G", option("forwards", 2, "two forward passes"), option("forwards", 1, "one forward pass")),
    group("switches", flag("detach", "detach()"), flag("retain_graph", "retain_graph=True"), flag("freeze", "D.requires_grad_(False)")),
    code, element("p", {}, "The figures are the lengths (norms) of what each backward adds to .grad."), verdict);
  show();
}
