'use strict';
// The same entry without Node's ES module loader (Hello after 81 instead of 115 ms, p50 of 15 on two busy CPUs, 2026-11-24): /usr/bin/node [options] /var/runtime/index.cjs
require('./hearth/loop.cjs');
