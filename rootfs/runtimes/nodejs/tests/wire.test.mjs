// The golden frames (agent/Wire/golden) through the Node.js client's codec: node --test rootfs/runtimes/nodejs/tests
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import wire from '../hearth/wire.cjs';

const golden = ['../../../../agent/Wire/golden', '../../../golden'].map((p) => path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), p)).find((p) => fs.existsSync(p));
const cases = fs.readdirSync(golden).filter((f) => f.endsWith('.json')).sort().map((file) => ({
  name: path.basename(file, '.json'),
  ...JSON.parse(fs.readFileSync(path.join(golden, file), 'utf8')),
  data: fs.readFileSync(path.join(golden, file.replace('.json', '.bin'))),
}));

// What a description's element stands for.
function value(item) {
  if (Array.isArray(item)) return item.map(value);
  if (item === null || typeof item !== 'object') return item;
  const times = item.times ?? 1;
  if ('text' in item) return item.text.repeat(times);
  if ('bin' in item) return Buffer.concat(Array(times).fill(Buffer.from(item.bin, 'hex')));
  if ('map' in item) {
    if (!('times' in item)) return item.map;
    const [[key, text]] = Object.entries(item.map);
    return Object.fromEntries(Array.from({ length: times }, (_, i) => [`${key}${i}`, `${text}${i}`]));
  }
  return item.as.startsWith('bin') ? Buffer.from(item.value, 'hex') : value(item.value);
}

const plain = (elements) =>
  elements.map((e) => (e && typeof e === 'object' && !Buffer.isBuffer(e) && !Array.isArray(e) ? { ...e } : e));

function readAll(pieces) {
  const parser = new wire.Parser();
  const frames = [];
  for (const piece of pieces) {
    parser.push(Buffer.from(piece));
    for (let frame = parser.next(); frame; frame = parser.next()) frames.push(plain(frame));
  }
  if (!parser.atBoundary) throw new wire.WireError('the stream ends inside a frame');
  return frames;
}

for (const { name, valid, from, elements, data } of cases) {
  if (valid) {
    test(`${name} has its elements`, () => assert.deepStrictEqual(readAll([data]), [value(elements)]));
    test(`${name} may arrive in any pieces`, () => {
      const step = data.length <= 2048 ? 1 : 1500;
      const pieces = [];
      for (let at = 0; at < data.length; at += step) pieces.push(data.subarray(at, at + step));
      assert.deepStrictEqual(readAll([...pieces, ...pieces]), [value(elements), value(elements)]);
      if (data.length > 512) return;
      for (let at = 1; at < data.length; at++) assert.strictEqual(readAll([data.subarray(0, at), data.subarray(at)]).length, 1);
    });
  } else if (from === 'agent') {
    test(`${name} is refused`, () => assert.throws(() => readAll([data]), wire.WireError));
  }
  if (valid && from === 'runtime') {
    test(`${name} reads back as written`, () => {
      const written = value(elements);
      const payload = Buffer.isBuffer(written.at(-1)) ? written.at(-1) : undefined;
      const head = wire.frame(payload ? written.slice(0, -1) : written, payload);
      assert.deepStrictEqual(readAll([Buffer.concat([head, payload ?? Buffer.alloc(0)])]), [written]);
    });
  }
}
