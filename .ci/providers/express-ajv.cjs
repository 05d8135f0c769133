// Express 5 with its own JSON parser, and ajv with the schemas of openapi.yaml. There is no error handler, so what
// Express refuses by itself is answered in HTML.
const express = require('express');
const Ajv = require('ajv/dist/2020');
const { description, known, started, announce } = require('./serve.cjs');

const ajv = new Ajv({ strict: false });
ajv.addSchema(description(), 'openapi');
const validate = ajv.compile({ $ref: 'openapi#/components/schemas/ExecuteRequest' });

const app = express();
app.use((req, res, next) => {
	if (known(req.headers.authorization)) return next();
	res.status(401).json({ error: 'the API key is missing or unknown' });
});
app.use(express.json());

app.post('/agents/execute', (req, res) => {
	if (!validate(req.body)) return res.status(400).json({ error: ajv.errorsText(validate.errors) });
	res.json(started());
});

const server = app.listen(0, '127.0.0.1', () => announce(server));
