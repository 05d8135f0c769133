package scenarios

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/reports/results"
)

// authKeys are the ways in which calls say who sends them.
var authKeys = []string{"bearer", "basic", "apiKey"}

// readCarried reads what calls carry besides their bodies. Each problem is reported at its place, and no value is
// quoted: a secret may stand there by mistake.
func readCarried(keys map[string]document.Value, r *mixReader) (asked credentials.Asked) {
	for _, name := range []string{"headers", "auth"} {
		if v, given := keys[name]; given {
			v.Hide()
		}
	}
	if v, given := keys["headers"]; given {
		members, _ := v.Members("the headers")
		for _, m := range members {
			if text, ok := r.readValue(m.Value, "a header's value"); ok {
				r.take(m.Value, &asked, credentials.Asked{Headers: []string{m.Name + ": " + text}})
			}
		}
	}
	v, given := keys["auth"]
	if !given {
		return asked
	}
	auth, ok := v.Object("auth", authKeys...)
	if !ok {
		return asked
	}
	if len(auth) == 0 {
		v.Fail("auth says nothing; expected one of bearer, basic, apiKey")
	}
	if v, given := auth["bearer"]; given {
		if _, column := v.Member("from"); column {
			if token, ok := r.readValue(v, "the token"); ok {
				r.take(v, &asked, credentials.Asked{Bearer: token})
			}
		} else if token, ok := r.valuesOf(v, "bearer", "token"); ok {
			r.take(v, &asked, credentials.Asked{Bearer: token[0]})
		}
	}
	if v, given := auth["basic"]; given {
		if user, ok := r.valuesOf(v, "basic", "username", "password"); ok {
			r.take(v, &asked, credentials.Asked{User: user[0] + ":" + user[1]})
		}
	}
	if v, given := auth["apiKey"]; given {
		r.readKey(v, &asked)
	}
	return asked
}

// readKey reads a key that goes into a header, the query or a cookie.
func (r *mixReader) readKey(v document.Value, asked *credentials.Asked) {
	key, ok := r.valuesOf(v, "apiKey", "in", "name", "value")
	if !ok {
		return
	}
	switch in, name, value := key[0], key[1], key[2]; in {
	case "header":
		r.take(v, asked, credentials.Asked{Headers: []string{name + ": " + value}, Keys: []string{name}})
	case "query":
		r.take(v, asked, credentials.Asked{Query: []string{name + "=" + value}, Keys: []string{name}})
	case "cookie":
		r.take(v, asked, credentials.Asked{Headers: []string{"Cookie: " + name + "=" + value}})
	default:
		in, _ := v.Member("in")
		in.Fail("expected the key in header, query or cookie, found %s", in.Found())
	}
}

// valuesOf reads an object of values, all of which must be there.
func (r *mixReader) valuesOf(v document.Value, what string, names ...string) (list []string, whole bool) {
	keys, ok := v.Object(what, names...)
	if !ok {
		return nil, false
	}
	whole = true
	for _, name := range names {
		text := ""
		if k, given := keys[name]; !given {
			v.Fail("%s lacks `%s`; expected %s", what, name, strings.Join(names, ", "))
			whole = false
		} else if text, ok = r.readValue(k, "the "+name); !ok {
			whole = false
		}
		list = append(list, text)
	}
	return list, whole
}

// readValue reads a text, or names the column of a file that it is to be taken of, call by call.
func (r *mixReader) readValue(v document.Value, what string) (text string, ok bool) {
	if _, column := v.Member("from"); column {
		return r.readSecrets(v, what)
	}
	if text, ok = v.Text(what); ok && credentials.NamesColumn(text) {
		v.Fail("a column is given with its file: {from: tenants.csv, column: token}")
		return "", false
	}
	return text, ok
}

// notKept is a hint for whoever repeats a run from its directory.
const notKept = "; a run directory keeps no secrets: put the file that has them there"

// readSecrets reads a column, and gives the reference to it. What `data` takes of the same file is public, and belongs
// to the same tenant.
func (r *mixReader) readSecrets(v document.Value, what string) (reference string, ok bool) {
	keys, _ := v.Object(what, "from", "column")
	column, given := keys["column"]
	if !given {
		v.Fail("%s lacks `column`, the column of the file to take", what)
		return "", false
	}
	name, ok := column.Text("the column's name")
	if !ok {
		return "", false
	}
	f, rows := r.readFeeder(keys["from"], []string{name}, column, notKept)
	if len(rows) == 0 {
		return "", false
	}
	values, problem := f.texts(rows, []string{name})
	from := keys["from"]
	called, _ := from.Text("a file")
	other := r.otherwise(called)
	switch {
	case other != "":
		from.Fail("%s is the same file as %s, which would be another one with rows of its own; call it by one name throughout", from.Found(), document.Clip(other))
		return "", false
	case r.secrets != nil && r.secrets != f:
		from.Fail("calls take what is secret from one file, a row for each call, and here is a second one; put the columns of %s into it", filepath.Base(r.secrets.path))
		return "", false
	case len(rows) > credentials.MaxTenants:
		from.Fail("%s has %d rows, more than the %d of which the secrets can be kept out of every report; take a sample", from.Found(), len(rows), credentials.MaxTenants)
		return "", false
	case problem != "":
		from.Fail("%s is a text, for which a number may stand: %s; leave such rows out", what, problem)
		return "", false
	case strings.ContainsAny(name, "{}"):
		column.Fail("a column whose name has braces cannot be taken; give it another name")
		return "", false
	}
	if r.secrets = f; r.tenants == nil {
		r.tenants = &credentials.Tenants{File: filepath.Base(f.path), Secret: map[string][]string{}, Public: map[string][]string{}}
		for _, row := range rows {
			r.tenants.Lines = append(r.tenants.Lines, row.line)
		}
	}
	columns, reference := r.tenants.Secret, credentials.SecretColumn(name)
	if _, public := f.public[name]; public {
		columns, reference = r.tenants.Public, credentials.PublicColumn(name)
	}
	columns[name] = nil
	for _, t := range values {
		columns[name] = append(columns[name], t[0])
	}
	return reference, true
}

// otherwise is another name that the scenario gives a file; empty where there is none. A run directory would keep the
// file by each of them.
func (r *mixReader) otherwise(name string) string {
	info, err := os.Stat(r.named[name].path)
	for _, other := range slices.Sorted(maps.Keys(r.named)) {
		if filepath.Clean(other) == filepath.Clean(name) {
			continue
		}
		if its, unknown := os.Stat(r.named[other].path); err == nil && unknown == nil && os.SameFile(info, its) {
			return other
		}
	}
	return ""
}

// take adds what is asked for at a place, unless it is wrong, alone or beside the rest.
func (r *mixReader) take(v document.Value, asked *credentials.Asked, more credentials.Asked) {
	more.Tenants = r.tenants
	both := asked.And(more)
	if err := more.Check(); err != nil {
		v.Fail("%v", err)
	} else if err := both.Check(); err != nil {
		v.Fail("%v", err)
	} else {
		*asked = both
	}
}

// carriedParts are what the digest is of: secrets by what they come from.
func carriedParts(a credentials.Asked) (parts []results.Part) {
	list := slices.Concat(a.Headers, a.Query)
	slices.Sort(list)
	if who := a.User + a.Bearer; who != "" {
		list = append(list, who)
	}
	if a.Tenants != nil {
		list = append(list, fmt.Sprintf("%d rows of %s", a.Tenants.Rows(), a.Tenants.File))
	}
	if len(list) > 0 {
		parts = append(parts, results.Part{Name: "headers", Text: "with the SHA-256 " + hash([]byte(strings.Join(list, "\n")))})
	}
	return parts
}
