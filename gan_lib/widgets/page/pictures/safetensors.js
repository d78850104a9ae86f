/* Weights as a file that safetensors.torch.load_file opens: the header's length (8 bytes, little-endian), the header
 * as JSON, then all numbers. Every browser's machine is little-endian, as the file is. */

/* { name: { data: Float32Array, shape } } → Uint8Array */
function safetensors(tensors) {
  const header = {}, entries = Object.entries(tensors);
  let size = 0;
  for (const [name, { data, shape }] of entries)
    header[name] = { dtype: "F32", shape, data_offsets: [size, (size += data.byteLength)] };
  const text = new TextEncoder().encode(JSON.stringify(header)), start = 8 * Math.ceil((8 + text.length) / 8);
  const file = new Uint8Array(start + size).fill(32, 8, start); // spaces behind the header, so that the numbers are aligned
  new DataView(file.buffer).setUint32(0, start - 8, true);
  file.set(text, 8);
  const bytes = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength);
  for (const [name, { data }] of entries) file.set(bytes(data), start + header[name].data_offsets[0]);
  return file;
}
