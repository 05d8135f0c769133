package credentials

// MaxTenants is the most rows of which the secrets are kept out of every report.
const MaxTenants = 10_000
