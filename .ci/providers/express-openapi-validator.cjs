// Express 5 with express-openapi-validator, which reads openapi.yaml itself, and the error handler of its README.
const express = require('express');
const OpenApiValidator = require('express-openapi-validator');
const { openapi, known, started, announce } = require('./serve.cjs');

const app = express();
app.use(express.json());
app.use(OpenApiValidator.middleware({
	apiSpec: openapi,
	ignoreServers: true,
	validateSecurity: { handlers: { bearer: (req) => known(req.headers.authorization) } },
}));

app.post('/agents/execute', (req, res) => {
	res.json(started());
});

app.use((err, req, res, next) => {
	res.status(err.status || 500).json({ message: err.message, errors: err.errors });
});

const server = app.listen(0, '127.0.0.1', () => announce(server));
