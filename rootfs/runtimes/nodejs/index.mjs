// Entry of Hearth's Node.js runtime: /usr/bin/node [--max-old-space-size=N] /var/runtime/index.mjs, frames on descriptors 3 and 4.
import './hearth/loop.cjs';
