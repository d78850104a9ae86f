/* Give me a question: one number of a layer's arithmetic is missing, and every number that fits is right. */

/* random: () => 0…1 → { s, unknown }: a setting that torch takes, and which of its numbers is missing */
function randomQuestion(random) {
  const pick = (n) => Math.floor(random() * n), transposed = pick(2) > 0, stride = 1 + pick(3);
  const s = { transposed, size: 2 + pick(20), kernel: 1 + pick(5), stride, padding: pick(3), dilation: 1 };
  s.outputPadding = transposed ? pick(stride) : 0;
  const unknown = ["output", "size", "kernel", "padding", transposed && stride > 1 ? "outputPadding" : "output"][pick(5)];
  return refusal(s) || s.padding >= s.kernel ? randomQuestion(random) : { s, unknown };
}

/* What is wrong with an answer; "" if nothing is. */
function wrongAnswer({ s, unknown }, answer) {
  const least = +["size", "kernel"].includes(unknown), tried = { ...s, [unknown]: answer }, wanted = outputSize(s);
  if (!Number.isInteger(answer) || answer < least) return `Type a whole number, ${least} or more.`;
  const found = unknown === "output" ? answer : outputSize(tried);
  if (refusal(tried)) return refusal(tried);
  return found === wanted ? "" : unknown === "output" ? `It is not ${found}.` : `That gives ${found} × ${found}.`;
}

function askArithmetic(root) {
  const code = element("code", { class: "gan-line" }), told = element("p", { role: "status" });
  const box = element("input", { type: "number", min: 0 });
  let question;
  function ask() {
    const { s, unknown } = question = randomQuestion(Math.random), n = unknown === "output" ? "?" : outputSize(s);
    code.textContent = `${torchLine({ ...s, [unknown]: "?" })}  # (1, 1, ${n}, ${n})`;
    box.value = told.textContent = "";
  }
  function check() {
    const wrong = wrongAnswer(question, box.valueAsNumber), [letters, numbers] = sizeFormula(question.s);
    told.textContent = wrong ? `${wrong} Hint: output = ${letters}` : `Right: ${numbers}`;
  }
  const reveal = () => { told.textContent = `output = ${sizeFormula(question.s)[1]}`; };
  box.addEventListener("keydown", ({ key }) => { if (key === "Enter") check(); });
  root.append(
    element("p", {}, "Which number belongs in the place of the question mark?"), element("p", {}, code),
    element("div", { class: "gan-buttons" }, element("label", {}, "? =", box), button("Check", check),
      button("Show the answer", reveal), button("Another question", ask)),
    told);
  ask();
}

mount("question", askArithmetic);
