// node check-image.js FILE: decodes every pixel of it and prints WIDTHxHEIGHT, or fails.
const sharp = require("sharp");

async function main(file) {
  const { info } = await sharp(file, { failOn: "warning" }).raw().toBuffer({ resolveWithObject: true });
  console.log(`${info.width}x${info.height}`);
}

main(process.argv[2]).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
