/* A line of the ledger's Python: names, calls, attributes, a sum, an assignment. `names` holds what it may use and takes
 * what it assigns; `seen(what, inputs, output)` is told of every call of a method and of every sum. */
function runLine(line, names, seen = () => {}) {
  const words = line.match(/\w+|[^\s\w]/g), target = words[1] === "=" && words.splice(0, 2)[0];
  const takes = (word) => words[0] === word && words.shift();

  function sum() {
    let value = product();
    while (takes("+")) {
      const inputs = [value, product()];
      value = inputs[0].add(inputs[1]);
      seen("+", inputs, value);
    }
    return value;
  }

  /* A name, and what is taken from it or called behind it. */
  function product() {
    const name = words.shift();
    let value = name === "True" || (name !== "False" && names[name]), owner, method;
    for (;;) {
      if (takes(".")) [owner, method, value] = [value, words[0], value[words.shift()]];
      else if (takes("(")) {
        value = value.apply(owner, given());
        if (owner) seen(method, [owner], value);
        owner = undefined;
      } else return value;
    }
  }

  /* Up to the closing bracket; arguments with a name become one object at the end. */
  function given() {
    const args = [], named = {};
    while (!takes(")")) {
      if (words[1] === "=") named[words.splice(0, 2)[0]] = sum();
      else args.push(sum());
      takes(",");
    }
    return Object.keys(named).length ? [...args, named] : args;
  }

  const value = sum();
  if (target) names[target] = value;
}
