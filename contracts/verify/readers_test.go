package verify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/kaizenautomation/andon/contracts"
)

// readers are providers that read calls as common frameworks do, and so take for valid what is not, or the reverse.
func readers() (list []mutant) {
	add := func(name string, change func(call, *answer)) { list = append(list, mutant{name, change}) }
	// lenient accepts what conforms once it has been read so.
	lenient := func(name string, read func(any) any) {
		add(name, func(c call, a *answer) {
			var v any
			if a.status != 400 || c.violation == nil || c.violation.Rule == contracts.RuleDuplicateKey || c.violation.Rule == contracts.RuleMalformedJSON || json.Unmarshal(c.body, &v) != nil {
				return
			}
			if text, err := json.Marshal(read(v)); err == nil && !bytes.Equal(text, c.body) && c.conforms(text) {
				accept(a)
			}
		})
	}
	member := func(name string, read func(any) any) func(any) any {
		return func(v any) any {
			if m, is := v.(map[string]any); is {
				if x, has := m[name]; has {
					m[name] = read(x)
				}
			}
			return v
		}
	}
	// each reads every value in a body, the innermost first.
	each := func(read func(any) any) func(any) any { return func(v any) any { return every(v, read) } }

	lenient("reads a single item as a list of it", member("content", func(v any) any {
		if m, is := v.(map[string]any); is {
			return []any{m}
		}
		return v
	}))
	lenient("reads an object as a list of its values", member("content", func(v any) any {
		m, is := v.(map[string]any)
		if !is {
			return v
		}
		list := []any{}
		for _, x := range m {
			list = append(list, x)
		}
		return list
	}))
	lenient("judges the first item alone", member("content", func(v any) any {
		if l, is := v.([]any); is && len(l) > 1 {
			return l[:1]
		}
		return v
	}))
	lenient("judges the last item alone", member("content", func(v any) any {
		if l, is := v.([]any); is && len(l) > 1 {
			return l[len(l)-1:]
		}
		return v
	}))
	lenient("leaves out items that are null", member("content", func(v any) any {
		l, is := v.([]any)
		if !is {
			return v
		}
		kept := []any{}
		for _, x := range l {
			if x != nil {
				kept = append(kept, x)
			}
		}
		return kept
	}))
	lenient("leaves out items of kinds that it does not know", member("content", func(v any) any {
		l, is := v.([]any)
		if !is {
			return v
		}
		kept := []any{}
		for _, x := range l {
			if m, is := x.(map[string]any); is && strings.Contains("text file skill json", fmt.Sprint(m["type"])) {
				kept = append(kept, x)
			}
		}
		return kept
	}))
	lenient("takes an item for what its members say where the type is missing", member("content", func(v any) any {
		return every(v, func(v any) any {
			if m, is := v.(map[string]any); is && m["type"] == nil && m["text"] != nil {
				m["type"] = "text"
			}
			return v
		})
	}))
	lenient("takes null for left out", each(func(v any) any {
		m, is := v.(map[string]any)
		for name, x := range m {
			if is && x == nil {
				delete(m, name)
			}
		}
		return v
	}))
	lenient("does not tell the case of names", each(func(v any) any {
		m, _ := v.(map[string]any)
		for _, known := range []string{"type", "text", "id", "data", "content", "agentId", "archiveSessionFiles", "summarySchema", "kaizenVersion"} {
			for name, x := range m {
				if strings.EqualFold(name, known) {
					delete(m, name)
					m[known] = x
				}
			}
		}
		return v
	}))
	lenient("reads numbers and truth values as texts", each(func(v any) any {
		switch v.(type) {
		case float64, bool:
			return fmt.Sprint(v)
		}
		return v
	}))
	lenient("reads texts and numbers as truth values", member("archiveSessionFiles", func(v any) any {
		if b, err := strconv.ParseBool(fmt.Sprint(v)); err == nil {
			return b
		}
		return v
	}))
	lenient("takes anything for a truth value", member("archiveSessionFiles", func(v any) any { return v != nil && v != "" && v != 0.0 }))
	lenient("reads JSON in a text as what it says", each(func(v any) any {
		var inner any
		if text, is := v.(string); is && json.Unmarshal([]byte(text), &inner) == nil {
			switch inner.(type) {
			case map[string]any, []any:
				return inner
			}
		}
		return v
	}))
	lenient("takes the first of a list of bodies", func(v any) any {
		if l, is := v.([]any); is && len(l) > 0 {
			return l[0]
		}
		return v
	})
	lenient("takes an empty list for an empty object", each(func(v any) any {
		if l, is := v.([]any); is && len(l) == 0 {
			return map[string]any{}
		}
		return v
	}))
	lenient("takes the tier by its beginning", member("kaizenVersion", func(v any) any {
		for _, tier := range []string{"Full", "Lite"} {
			if text, is := v.(string); is && strings.HasPrefix(text, tier) {
				return tier
			}
		}
		return v
	}))
	lenient("takes the default for a tier that it does not know", member("kaizenVersion", func(any) any { return "Full" }))
	lenient("takes the tier by its number", member("kaizenVersion", func(v any) any {
		if n, is := v.(float64); is && n >= 0 && n < 2 {
			return []string{"Full", "Lite"}[int(n)]
		}
		return v
	}))
	// What the reader makes of texts of JSON.
	comment := regexp.MustCompile(`//[^\n"]*(\n|$)|/\*.*?\*/`)
	add("takes comments", func(c call, a *answer) {
		if a.status == 400 && comment.Match(c.body) && c.conforms(comment.ReplaceAll(c.body, nil)) {
			accept(a)
		}
	})
	add("takes line breaks in texts", func(c call, a *answer) {
		if a.status == 400 && c.conforms(bytes.ReplaceAll(c.body, []byte("\n"), []byte(`\n`))) {
			accept(a)
		}
	})
	add("reads up to the end of the first object", func(c call, a *answer) {
		var v map[string]any
		if r := json.NewDecoder(bytes.NewReader(c.body)); a.status == 400 && r.Decode(&v) == nil && r.InputOffset() < int64(len(c.body)) {
			accept(a)
		}
	})
	add("needs the type before all else in an item", success(func(c call, a *answer) {
		if regexp.MustCompile(`\{"(text|id|data)":.*"type":`).Match(c.body) {
			refuse(a, 400)
		}
	}))
	add("needs the content before all else", success(func(c call, a *answer) {
		if regexp.MustCompile(`^\{"(agentId|archiveSessionFiles|summarySchema|kaizenVersion)":.*"content":`).Match(c.body) {
			refuse(a, 400)
		}
	}))
	add("refuses spaces and lines between", success(func(c call, a *answer) {
		if compact := (bytes.Buffer{}); json.Compact(&compact, c.body) == nil && compact.Len() < len(c.body) {
			refuse(a, 400)
		}
	}))
	for name, pattern := range map[string]string{
		"a text with a NUL": `\\u0000`, "a name that begins with a dollar": `"\$[^"]*":`, "a name with a dot": `"[^"]*\.[^"]*":`, "an empty name": `"":`,
		"an emoji": "\U0001f469", "more than 16 items": `("type":.*){17}`,
		"an escaped name": `"\\u0074ype"`,
	} {
		add("fails on "+name, fails(500, pattern))
	}
	// What it remembers, and what it does with keys.
	add("remembers what it answered to a body", func() func(call, *answer) {
		var known = map[string][]byte{}
		var mutex = make(chan struct{}, 1)
		return success(func(c call, a *answer) {
			mutex <- struct{}{}
			defer func() { <-mutex }()
			if before := known[string(c.body)]; before != nil {
				a.body = before
			}
			known[string(c.body)] = a.body
		})
	}())
	add("fails on one call of twenty", func() func(call, *answer) {
		var n atomic.Int64
		return success(func(_ call, a *answer) {
			if n.Add(1)%20 == 0 {
				refuse(a, 500)
			}
		})
	}())
	add("takes an empty key", func(c call, a *answer) {
		if strings.TrimSpace(c.Header.Get("Authorization")) == "Bearer" {
			accept(a)
		}
	})
	// How it answers.
	add("answers with names in small letters", edited(func(m map[string]any) {
		for name, x := range m {
			delete(m, name)
			m[strings.ToLower(name)] = x
		}
	}))
	add("answers accepted calls of Lite with null for the session", func(c call, a *answer) {
		if bytes.Contains(c.body, []byte(`"Lite"`)) {
			edited(func(m map[string]any) { m["sessionId"] = nil })(c, a)
		}
	})
	add("answers an error with the status of a success", func(_ call, a *answer) {
		if a.status == 400 {
			a.status, a.body = 200, []byte(`{"error":"no"}`)
		}
	})
	add("sends a redirect to a page for signing in", func(_ call, a *answer) {
		if a.status == 401 {
			a.status, a.header, a.body = 303, http.Header{"Location": {"/login"}}, nil
		}
	})
	return list
}

// careless are providers that differ in ways that break nothing.
func careless() (list []mutant) {
	add := func(name string, change func(call, *answer)) { list = append(list, mutant{name, change}) }
	further := func(name, text string) {
		add("further members: "+name, success(func(_ call, a *answer) { a.body = bytes.Replace(a.body, []byte("{"), []byte("{"+text+","), 1) }))
	}
	further("numbers beyond float64", `"n":1e400,"m":-1E-400,"o":123456789012345678901234567890`)
	further("names of every object", `"__proto__":{},"":1,"a\u0000b":2,"$ref":"#/x"`)
	further("deep ones", `"deep":`+strings.Repeat(`[{"a":`, 200)+"1"+strings.Repeat("}]", 200))
	further("names in another case", `"SessionId":7,"EXECUTIONID":null,"Status":[]`)
	further("one that is large", `"log":"`+strings.Repeat("x", 300_000)+`"`)
	add("escapes where none are needed", success(func(_ call, a *answer) {
		a.body = bytes.Replace(a.body, []byte(`"status"`), []byte(`"\u0073t\u0061tus"`), 1)
	}))
	add("a status of anything at all", edited(func(m map[string]any) { m["status"] = "\x00\u2028</script>\U0001f469" + strings.Repeat("z", 1000) }))
	add("headers of all kinds", func(_ call, a *answer) {
		for name, value := range map[string]string{"Retry-After": "0", "ETag": `"x"`, "Link": "</x>; rel=next", "Content-Disposition": "attachment", "Content-Language": "de", "Deprecation": "true", "X-Empty": "", "Vary": "*", "Trailer": "X-Sum"} {
			a.header.Set(name, value)
		}
	})
	add("Allow in several lines", func(_ call, a *answer) {
		if a.status == 405 {
			a.header["Allow"] = []string{"OPTIONS,HEAD", "POST"}
		}
	})
	add("400 and 422 for what is refused", func() func(call, *answer) {
		var n atomic.Int64
		return func(_ call, a *answer) {
			if a.status == 400 && n.Add(1)%2 == 0 {
				a.status = 422
			}
		}
	}())
	add("turns a call away once in a while", func() func(call, *answer) {
		var n atomic.Int64
		return success(func(_ call, a *answer) {
			if n.Add(1)%25 == 0 {
				refuse(a, 429)
				a.header.Set("Retry-After", "0")
				a.body = []byte(`{"error":"later"}`)
			}
		})
	}())
	add("judges the body before the key", func(c call, a *answer) {
		if a.status == 401 && c.violation != nil {
			a.status = 400
		}
	})
	return list
}

// every reads each value in another, the innermost first.
func every(v any, read func(any) any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = every(v[i], read)
		}
	case map[string]any:
		for name := range v {
			v[name] = every(v[name], read)
		}
	}
	return read(v)
}
