// A photograph comes in as base64, a thumbnail goes out as base64; /tmp holds the original meanwhile, as a real function would.
const fs = require("node:fs/promises");
const sharp = require("sharp");

exports.handler = async (event) => {
  const width = event.width ?? 320;
  const original = "/tmp/original.jpg";
  await fs.writeFile(original, Buffer.from(event.image, "base64"));
  try {
    const { width: from, height: fromHeight } = await sharp(original).metadata();
    const { data, info } = await sharp(original).resize({ width }).jpeg({ quality: 80 }).toBuffer({ resolveWithObject: true });
    console.log(`${from}x${fromHeight} -> ${info.width}x${info.height}, ${data.length} bytes`);
    return { image: data.toString("base64"), width: info.width, height: info.height };
  } finally {
    await fs.unlink(original);
  }
};
