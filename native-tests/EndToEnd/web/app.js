// An Express app that knows nothing of Lambda, behind both adapters, at the root and below each route's own prefix.
const express = require('express');

const app = express();
const router = express.Router();
router.use(express.json());
router.use(express.urlencoded({ extended: false }));
router.get('/hello/:name', (request, response) => {
  response.cookie('a', '1').cookie('b', '2');
  response.set('X-Seen', request.get('x-test'));
  response.json({ name: request.params.name, query: request.query, cookie: request.get('cookie'), host: request.get('host'), method: request.method });
});
router.post('/echo', (request, response) => response.status(201).json({ body: request.body, type: request.get('content-type') }));
router.put('/bytes', express.raw({ type: '*/*', limit: '8mb' }), (request, response) => response.type('image/png').send(request.body));
router.get('/moved', (request, response) => response.redirect(302, '/elsewhere?x=1'));
app.use(['/v1', '/v2', '/alb', '/alb-multi', '/'], router);

exports.serverless = require('serverless-http')(app, { binary: ['image/*'] });
exports.codegenie = require('@codegenie/serverless-express')({ app, binarySettings: { contentTypes: ['image/*'] } });
