// Fastify 5 with the schemas of openapi.yaml, its own ajv as it comes (which coerces types), and its own error bodies.
const fastify = require('fastify');
const { description, known, started, announce } = require('./serve.cjs');

const app = fastify({ ajv: { customOptions: { strict: false } } });
app.addSchema({ $id: 'openapi', ...description() });

app.addHook('onRequest', async (request, reply) => {
	if (known(request.headers.authorization)) return;
	reply.code(401);
	throw new Error('the API key is missing or unknown');
});

app.post('/agents/execute', { schema: { body: { $ref: 'openapi#/components/schemas/ExecuteRequest' } } }, async () => started());

app.listen({ host: '127.0.0.1', port: 0 }).then(() => announce(app.server));
