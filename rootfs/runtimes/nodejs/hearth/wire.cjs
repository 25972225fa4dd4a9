'use strict';
// Frames on two pipes; agent/Wire/README.md is the specification.
const fs = require('node:fs');

const PROTOCOL_VERSION = 1;
const MAX_PAYLOAD = 6291556;
const MAX_FRAME = MAX_PAYLOAD + 64 * 1024;
const MAX_CHUNK = 1024 * 1024;
const Kind = Object.freeze({
  Hello: 1, Init: 2, InitDone: 3, Invoke: 4, Chunk: 5, Response: 6, Error: 7, Shutdown: 8, ResponseStart: 9, ResponseEnd: 10,
});
// How many elements a frame from the agent has, kind included.
const COUNTS = { [Kind.Init]: 4, [Kind.Invoke]: 11, [Kind.Shutdown]: 3 };

class WireError extends Error {}

// Cuts a byte stream into frames: give it bytes as they come, then ask for frames until there is none.
class Parser {
  #parts = Buffer.alloc(0);
  #body = null; // a frame too large for one read, being filled
  #have = 0;

  push(bytes) {
    if (this.#body) {
      const count = Math.min(this.#body.length - this.#have, bytes.length);
      bytes.copy(this.#body, this.#have, 0, count);
      this.#have += count;
      bytes = bytes.subarray(count);
      if (bytes.length === 0) return;
    }
    // The caller uses its buffer again: keep a copy.
    this.#parts = this.#parts.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#parts, bytes]);
  }

  // The next frame as an array that begins with its kind, or undefined.
  next() {
    if (this.#body) {
      if (this.#have < this.#body.length) return undefined;
      const body = this.#body;
      this.#body = null;
      return decode(body);
    }
    const data = this.#parts;
    if (data.length < 4) return undefined;
    const length = data.readUInt32LE(0);
    if (length < 1 || length > MAX_FRAME) throw new WireError(`a frame of ${length} bytes was announced; 1 to ${MAX_FRAME} are allowed`);
    if (data.length >= 4 + length) {
      this.#parts = data.subarray(4 + length);
      return decode(data.subarray(4, 4 + length));
    }
    if (data.length >= 1024) {
      this.#body = Buffer.allocUnsafe(length);
      this.#have = data.copy(this.#body, 0, 4);
      this.#parts = Buffer.alloc(0);
    }
    return undefined;
  }

  get atBoundary() {
    return !this.#body && this.#parts.length === 0;
  }
}

// One frame without its length. Checked as far as the runtime relies on it.
function decode(body) {
  const cursor = { body, at: 0 };
  let elements;
  try {
    elements = value(cursor, 2);
  } catch (error) {
    if (error instanceof RangeError) throw new WireError('a frame is cut off');
    throw error;
  }
  if (cursor.at !== body.length) throw new WireError('a frame is followed by bytes that belong to no element');
  if (!Array.isArray(elements) || typeof elements[0] !== 'number') throw new WireError('a frame is not an array that begins with its kind');
  const expected = COUNTS[elements[0]];
  if (expected !== undefined && elements.length !== expected) {
    throw new WireError(`kind ${elements[0]} has ${elements.length} elements; it must have ${expected}`);
  }
  return elements;
}

function value(c, depth) {
  const code = c.body.readUInt8(c.at++);
  if (code < 0x80) return code;
  if (code >= 0xe0) return code - 256;
  if (code < 0x90) return map(c, code & 0x0f, depth);
  if (code < 0xa0) return array(c, code & 0x0f, depth);
  if (code < 0xc0) return text(c, code & 0x1f);
  switch (code) {
    case 0xc0: return null;
    case 0xc2: return false;
    case 0xc3: return true;
    case 0xc4: return take(c, size(c, 1));
    case 0xc5: return take(c, size(c, 2));
    case 0xc6: return take(c, size(c, 4));
    case 0xcc: return size(c, 1);
    case 0xcd: return size(c, 2);
    case 0xce: return size(c, 4);
    case 0xcf: return Number(take(c, 8).readBigUInt64BE(0));
    case 0xd0: return take(c, 1).readInt8(0);
    case 0xd1: return take(c, 2).readInt16BE(0);
    case 0xd2: return take(c, 4).readInt32BE(0);
    case 0xd3: return Number(take(c, 8).readBigInt64BE(0));
    case 0xd9: return text(c, size(c, 1));
    case 0xda: return text(c, size(c, 2));
    case 0xdb: return text(c, size(c, 4));
    case 0xdc: return array(c, size(c, 2), depth);
    case 0xdd: return array(c, size(c, 4), depth);
    case 0xde: return map(c, size(c, 2), depth);
    case 0xdf: return map(c, size(c, 4), depth);
    default: throw new WireError(`type byte 0x${code.toString(16)} is not used in frames`);
  }
}

function take(c, length) {
  if (c.at + length > c.body.length) throw new RangeError('cut off');
  c.at += length;
  return c.body.subarray(c.at - length, c.at);
}

function size(c, width) {
  return take(c, width).readUIntBE(0, width);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
function text(c, length) {
  const bytes = take(c, length);
  const decoded = bytes.latin1Slice(0, length);
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(decoded)) return decoded;
  try {
    return utf8.decode(bytes);
  } catch {
    throw new WireError('a string is not UTF-8');
  }
}

function array(c, count, depth) {
  if (depth === 0 || count > c.body.length - c.at) throw new WireError('an array is nested too deep or longer than its frame');
  const items = [];
  for (let i = 0; i < count; i++) items.push(value(c, depth - 1));
  return items;
}

function map(c, count, depth) {
  if (depth === 0 || count > c.body.length - c.at) throw new WireError('a map is nested too deep or longer than its frame');
  const entries = Object.create(null);
  for (let i = 0; i < count; i++) {
    const key = value(c, 0);
    entries[key] = value(c, 0);
  }
  return entries;
}

// The head of a frame: length, array header, elements and, when there is a payload, its bin header.
function frame(elements, payload) {
  const parts = [Buffer.from([0x90 | (elements.length + (payload ? 1 : 0))]), ...elements.map(encode)];
  let following = 0;
  if (payload) {
    following = payload.length;
    parts.push(sized(following, [0xc4, 0xc5, 0xc6]));
  }
  const length = Buffer.alloc(4);
  length.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, following));
  return Buffer.concat([length, ...parts]);
}

function encode(item) {
  if (item === null || item === undefined) return Buffer.from([0xc0]);
  if (item === true || item === false) return Buffer.from([item ? 0xc3 : 0xc2]);
  if (typeof item === 'number') {
    if (item >= 0 && item < 128) return Buffer.from([item]);
    const wide = Buffer.alloc(9);
    wide[0] = 0xd3;
    wide.writeBigInt64BE(BigInt(item), 1);
    return wide;
  }
  const bytes = Buffer.from(item);
  return Buffer.concat([bytes.length < 32 ? Buffer.from([0xa0 | bytes.length]) : sized(bytes.length, [0xd9, 0xda, 0xdb]), bytes]);
}

function sized(length, codes) {
  const [code, width] = length < 256 ? [codes[0], 1] : length < 65536 ? [codes[1], 2] : [codes[2], 4];
  const head = Buffer.alloc(1 + width);
  head[0] = code;
  head.writeUIntBE(length, 1, width);
  return head;
}

// Writes all of it, whatever mode the pipe is in: the runtime has nothing better to do than to wait for the agent.
function writeAll(fd, ...buffers) {
  buffers = buffers.filter((buffer) => buffer && buffer.length > 0);
  while (buffers.length > 0) {
    let written;
    try {
      written = buffers.length === 1 ? fs.writeSync(fd, buffers[0]) : fs.writevSync(fd, buffers);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      continue;
    }
    while (buffers.length > 0 && written >= buffers[0].length) written -= buffers.shift().length;
    if (written > 0) buffers[0] = buffers[0].subarray(written);
  }
}

module.exports = { Kind, PROTOCOL_VERSION, MAX_PAYLOAD, MAX_FRAME, MAX_CHUNK, WireError, Parser, decode, encode, frame, writeAll };
