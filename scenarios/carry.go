package scenarios

import (
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
func readCarried(keys map[string]document.Value) (asked credentials.Asked) {
	if v, given := keys["headers"]; given {
		members, _ := v.Members("the headers")
		for _, m := range members {
			if text, ok := m.Text("a header's value"); ok {
				take(m.Value, &asked, credentials.Asked{Headers: []string{m.Name + ": " + text}})
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
		if token, ok := textsOf(v, "bearer", "token"); ok {
			take(v, &asked, credentials.Asked{Bearer: token[0]})
		}
	}
	if v, given := auth["basic"]; given {
		if user, ok := textsOf(v, "basic", "username", "password"); ok {
			take(v, &asked, credentials.Asked{User: user[0] + ":" + user[1]})
		}
	}
	if v, given := auth["apiKey"]; given {
		readKey(v, &asked)
	}
	return asked
}

// readKey reads a key that goes into a header, the query or a cookie.
func readKey(v document.Value, asked *credentials.Asked) {
	key, ok := textsOf(v, "apiKey", "in", "name", "value")
	if !ok {
		return
	}
	switch in, name, value := key[0], key[1], key[2]; in {
	case "header":
		take(v, asked, credentials.Asked{Headers: []string{name + ": " + value}, Keys: []string{name}})
	case "query":
		take(v, asked, credentials.Asked{Query: []string{name + "=" + value}, Keys: []string{name}})
	case "cookie":
		take(v, asked, credentials.Asked{Headers: []string{"Cookie: " + name + "=" + value}})
	default:
		in, _ := v.Member("in")
		in.Fail("expected the key in header, query or cookie, found %s", in.Found())
	}
}

// textsOf reads an object of texts, all of which must be there.
func textsOf(v document.Value, what string, names ...string) (list []string, whole bool) {
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
		} else if text, ok = k.Text("the " + name); !ok {
			whole = false
		}
		list = append(list, text)
	}
	return list, whole
}

// take adds what is asked for at a place, unless it is wrong, alone or beside the rest.
func take(v document.Value, asked *credentials.Asked, more credentials.Asked) {
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
	if len(list) > 0 {
		parts = append(parts, results.Part{Name: "headers", Text: "with the SHA-256 " + hash([]byte(strings.Join(list, "\n")))})
	}
	return parts
}
