// ThumbHash (https://evanw.github.io/thumbhash/): 25 bytes that give an idea of a
// picture. They hold a few cosine waves of brightness (l), of two colour
// differences (p: yellow to blue, q: red to green) and maybe of opacity (a).

const SIZE = 32;

/** The waves of a channel of nx by ny: the triangle of low frequencies, without the constant. */
function* frequencies(nx, ny) {
  for (let cy = 0; cy < ny; cy++) {
    for (let cx = cy ? 0 : 1; cx * ny < nx * (ny - cy); cx++) yield [cx, cy];
  }
}

/** Base64 to {width, height, pixels}, pixels as canvas wants them. */
export function decode(base64) {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const low = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
  const high = bytes[3] | (bytes[4] << 8);
  const opaque = !(low >> 23);
  const landscape = high >> 15;
  const [most, few] = [opaque ? 7 : 5, high & 7];
  const nx = Math.max(3, landscape ? most : few);
  const ny = Math.max(3, landscape ? few : most);

  let nibble = (opaque ? 5 : 6) * 2;
  const channel = (constant, scale, nx, ny) => {
    const waves = Array.from(frequencies(nx, ny), ([cx, cy]) => {
      const four = (bytes[nibble >> 1] >> ((nibble & 1) * 4)) & 15;
      nibble++;
      return { cx, cy, amplitude: (four / 7.5 - 1) * scale * 2 };
    });
    return { constant, waves };
  };
  const l = channel((low & 63) / 63, ((low >> 18) & 31) / 31, nx, ny);
  const p = channel(((low >> 6) & 63) / 31.5 - 1, (((high >> 3) & 63) / 63) * 1.25, 3, 3);
  const q = channel(((low >> 12) & 63) / 31.5 - 1, (((high >> 9) & 63) / 63) * 1.25, 3, 3);
  const a = opaque ? null : channel((bytes[5] & 15) / 15, (bytes[5] >> 4) / 15, 5, 5);

  const ratio = nx / ny;
  const width = Math.round(ratio > 1 ? SIZE : SIZE * ratio);
  const height = Math.round(ratio > 1 ? SIZE / ratio : SIZE);
  // What a wave adds to a pixel is the product of two cosines, looked up here.
  const across = cosines(width, 7);
  const down = cosines(height, 7);
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const value = ({ constant, waves }) =>
        waves.reduce((sum, { cx, cy, amplitude }) => sum + amplitude * across[cx][x] * down[cy][y], constant);
      const [L, P, Q] = [value(l), value(p), value(q)];
      const blue = L - (2 / 3) * P;
      const red = (3 * L - blue + Q) / 2;
      pixels[at] = 255 * red;
      pixels[at + 1] = 255 * (red - Q);
      pixels[at + 2] = 255 * blue;
      pixels[at + 3] = a ? 255 * value(a) : 255;
    }
  }
  return { width, height, pixels };
}

const cosines = (length, count) =>
  Array.from({ length: count }, (_, c) =>
    Float64Array.from({ length }, (_, i) => Math.cos((Math.PI / length) * (i + 0.5) * c)));

/** A small picture as an address, or null if the hash is none. */
export function asAddress(base64) {
  try {
    const { width, height, pixels } = decode(base64);
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    canvas.getContext('2d').putImageData(new ImageData(pixels, width, height), 0, 0);
    return canvas.toDataURL();
  } catch {
    return null;
  }
}
