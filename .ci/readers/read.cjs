// Reads the calls of a run with Arrow's JavaScript library, batch by batch, and with DuckDB's WebAssembly build, and prints
// what each of them found, as JSON.
const fs = require('fs');
const path = require('path');
const arrow = require('apache-arrow');
const duckdb = require('@duckdb/duckdb-wasm/dist/duckdb-node-blocking.cjs');

const file = process.argv[2];
const columns = { n: 'n', due: 'due_ns', service: 'service_s', status: 'status', out: 'bytes_out' };

async function byArrow() {
	const found = { rows: 0, sums: {}, texts: {} };
	for (const name in columns) found.sums[name] = 0;
	const reader = await arrow.RecordBatchReader.from(fs.createReadStream(file));
	for await (const batch of reader) {
		found.rows += batch.numRows;
		for (const name in columns) {
			for (const value of batch.getChild(columns[name])) found.sums[name] += Number(value);
		}
		const [texts, kinds] = [batch.getChild('class'), batch.getChild('error')];
		for (let i = 0; i < batch.numRows; i++) {
			const key = `${texts.get(i)} ${kinds.get(i)}`;
			found.texts[key] = (found.texts[key] ?? 0) + 1;
		}
	}
	return found;
}

async function byDuckDB() {
	const at = path.dirname(require.resolve('@duckdb/duckdb-wasm/dist/duckdb-node-blocking.cjs'));
	const bundle = (name) => ({ mainModule: path.join(at, `duckdb-${name}.wasm`), mainWorker: '' });
	const db = await duckdb.createDuckDB({ mvp: bundle('mvp'), eh: bundle('eh') }, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME);
	await db.instantiate(() => {});
	const c = db.connect();
	c.insertArrowFromIPCStream(fs.readFileSync(file), { name: 'hits' });
	const sums = Object.entries(columns).map(([name, column]) => `sum(${column}::DOUBLE) AS "${name}"`);
	const [all] = c.query(`SELECT count(*)::DOUBLE AS rows, ${sums} FROM hits`).toArray().map((row) => row.toJSON());
	const { rows, ...rest } = all;
	const found = { rows, sums: rest, texts: {} };
	for (const row of c.query(`SELECT class || ' ' || error AS key, count(*)::DOUBLE AS calls FROM hits GROUP BY ALL`)) {
		found.texts[row.key] = row.calls;
	}
	return found;
}

(async () => {
	console.log(JSON.stringify({ 'Arrow’s JavaScript': await byArrow(), 'DuckDB’s WebAssembly': await byDuckDB() }));
	process.exit(0);
})();
