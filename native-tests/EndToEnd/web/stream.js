// Streams a piece, waits for a file that the test makes, streams the rest.
const fs = require('node:fs');

async function go(mark) {
  fs.writeFileSync(`/tmp/waiting-${mark}`, '');
  while (!fs.existsSync(`/tmp/go-${mark}`)) await new Promise((resolve) => setTimeout(resolve, 10));
}

exports.http = awslambda.streamifyResponse(async (event, stream) => {
  const { mark, size } = event.queryStringParameters ?? {};
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { 'Content-Type': 'text/event-stream', 'X-A': 'b' }, cookies: ['c=1', 'd=2'] });
  if (size) {
    for (let left = Number(size); left > 0; left -= 65536) stream.write(Buffer.alloc(Math.min(left, 65536), 'x'));
  } else {
    stream.write('one');
    await go(mark);
    stream.write('two');
  }
  stream.end();
});

exports.plain = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType('text/plain');
  stream.write('one');
  if (event.fail) throw new RangeError('half way');
  if (event.exit) process.exit(3);
  if (event.sleep) await new Promise(() => setTimeout(() => {}, 60_000));
  stream.write('two');
  stream.end();
});
