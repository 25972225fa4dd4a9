'use strict';
// The global `awslambda`: response streaming as AWS offers it.
const { Writable } = require('node:stream');
const errors = require('./errors.cjs');
const { Kind, MAX_CHUNK } = require('./wire.cjs');

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const HTTP_RESPONSE = 'application/vnd.awslambda.http-integration-response';

function install() {
  const off = process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA;
  if (off === '1' || off === 'true') return;
  globalThis.awslambda = {
    streamifyResponse(handler, options) {
      handler[STREAMING] = 'response';
      if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
      return handler;
    },
    HttpResponseStream: class HttpResponseStream {
      // The prelude, 8 zero bytes, then the body.
      static from(stream, prelude) {
        stream.setContentType(HTTP_RESPONSE);
        stream._onBeforeFirstWrite = (write) => {
          write(JSON.stringify(prelude));
          write(new Uint8Array(8));
        };
        return stream;
      }
    },
  };
}

function isStreaming(handler) {
  const mark = handler[STREAMING];
  if (!mark) return false;
  if (mark !== 'response') throw new errors.MalformedStreamingHandler('Only response streaming is supported.');
  return true;
}

class ResponseStream extends Writable {
  #send;
  #contentType = 'application/octet-stream';
  #begun = false;

  // send(kind, elements, payload) writes one frame of this invocation.
  constructor(handler, send) {
    super({ highWaterMark: handler[HIGH_WATER_MARK], decodeStrings: true });
    this.#send = send;
  }

  get begun() {
    return this.#begun;
  }

  setContentType(contentType) {
    if (this.#begun) throw new errors.InvalidStreamingOperation('Cannot set content-type, too late.');
    this.#contentType = contentType;
  }

  write(chunk, encoding, callback) {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) chunk = JSON.stringify(chunk);
    return super.write(chunk, encoding, callback);
  }

  _write(chunk, _encoding, callback) {
    try {
      this.#begin();
      this.#pieces(chunk);
      callback();
    } catch (error) {
      callback(error);
    }
  }

  _final(callback) {
    try {
      this.#begin();
      this.#send(Kind.ResponseEnd, []);
      callback();
    } catch (error) {
      callback(error);
    }
  }

  #begin() {
    if (this.#begun) return;
    this.#begun = true;
    // Goes into an HTTP header: printable ASCII, at most 256.
    this.#send(Kind.ResponseStart, [String(this.#contentType).replace(/[^\x20-\x7e]/g, '').slice(0, 256)]);
    this._onBeforeFirstWrite?.((piece) => this.#pieces(Buffer.from(piece)));
  }

  #pieces(bytes) {
    for (let at = 0; at < bytes.length; at += MAX_CHUNK) this.#send(Kind.Chunk, [], bytes.subarray(at, at + MAX_CHUNK));
  }
}

module.exports = { install, isStreaming, ResponseStream };
