/* The pictures that a page trains on: beside the book's pages, or in a notebook's output (widgets/pictures.py). */

/* A file's name, or what it would hold → a promise of { name, credit, n, d, rows: Uint8Array (n · d) }.
 * They are unpacked without a canvas: what is read from one, a browser that hides its owner's traces may falsify. */
async function trainingSet(source) {
  const { content, ...about } = typeof source === "string" ? await besideThePage("figures", source, "pictures") : source;
  if (!window.DecompressionStream) throw new Error("this browser cannot unpack the pictures; one of 2023 or later can");
  const rows = await inflated(readBytes(content)).catch(() => new Uint8Array());
  if (rows.length !== about.n * about.d) throw new Error("its pictures are damaged or cut short; build the book again");
  return { ...about, rows };
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
