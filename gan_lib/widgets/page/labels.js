/* How the reader chooses a class: out of a list, or by a button for each. Both: { node, show(label) }. */

function labelList(names, choose, title = "label") {
  const options = names.map((name, i) => element("option", { value: i }, name));
  const box = element("select", { "aria-label": title }, ...options);
  box.addEventListener("change", () => choose(+box.value));
  return { node: element("label", {}, title, box), show: (label) => { box.value = label; } };
}

/* Radio buttons, so that the arrow keys move among them; for one explorer on a page. */
function labelButtons(names, choose) {
  const inputs = names.map((_, i) => element("input", { type: "radio", name: "gan-label", value: i }));
  const buttons = names.map((name, i) => element("label", {}, inputs[i], element("span", {}, name)));
  const node = element("div", { class: "gan-labels", role: "radiogroup", "aria-label": "label" }, ...buttons);
  node.addEventListener("change", (event) => choose(+event.target.value));
  return { node, show: (label) => { inputs[label].checked = true; } };
}
