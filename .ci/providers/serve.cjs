// What the providers have in common: where they listen, when they end, and what they know.
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const yaml = require('js-yaml');

exports.openapi = path.join(__dirname, '../../openapi.yaml');
exports.description = () => yaml.load(fs.readFileSync(exports.openapi, 'utf8'));
exports.known = (header) => header === `Bearer ${process.env.ANDON_TOKEN}`;
exports.started = () => ({ sessionId: `session_${crypto.randomUUID()}`, executionId: `exec_${crypto.randomUUID()}`, status: 'running' });

// Whoever starts a provider reads its address from its output, and ends it by closing its input.
exports.announce = (server) => {
	console.log(`http://127.0.0.1:${server.address().port}`);
	process.stdin.resume().on('end', () => process.exit(0));
};
