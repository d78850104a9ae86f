/* What a layer is set by: a whole number from `min` to `max`, and a switch. `who` tells several of a name apart. */

function numberBox(name, value, min, max, changed, who = "") {
  const box = element("input", { type: "number", min, max, value, "aria-label": name + who, style: "width: 4.6em" });
  box.addEventListener("change", () => {
    changed(box.value = Math.max(min, Math.min(max, Math.round(box.valueAsNumber) || min)));
  });
  return element("label", {}, name, box);
}

function tickBox(name, checked, changed, who = "") {
  const box = element("input", { type: "checkbox", "aria-label": name + who });
  box.checked = checked;
  box.addEventListener("change", () => changed(box.checked));
  return element("label", {}, box, name);
}
