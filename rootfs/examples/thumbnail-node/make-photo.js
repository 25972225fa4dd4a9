// node make-photo.js OUT.jpg: a 4000x3000 JPEG with the size and texture of a photograph (soft shapes, gradients, sensor noise).
const sharp = require("sharp");

async function layer(width, height, sigma, seedMean) {
  const noise = { type: "gaussian", mean: seedMean, sigma };
  const raw = await sharp({ create: { width, height, channels: 3, background: "#888", noise } }).png().toBuffer();
  return sharp(raw).resize(4000, 3000, { kernel: "cubic" }).png({ compressionLevel: 1 }).toBuffer();
}

async function main(out) {
  const shapes = await layer(16, 12, 90, 128);
  const grain = await layer(1600, 1200, 22, 128);
  await sharp(shapes).composite([{ input: grain, blend: "soft-light" }]).jpeg({ quality: 85 }).toFile(out);
}

main(process.argv[2]);
