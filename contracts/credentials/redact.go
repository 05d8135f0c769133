package credentials

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// redactor takes secrets out of texts: as they are, and as a target may send them back, encoded.
type redactor struct {
	mutex sync.Mutex
	words map[string]string // the mark of each secret
	forms atomic.Pointer[forms]
}

// forms are the texts that are looked for, the longest first, with what is put in their place.
type forms struct {
	list     []string
	replacer *strings.Replacer
	marks    map[string]string
}

const (
	// leastForm is the shortest encoded form that is looked for, and the shortest piece of one that was cut.
	leastForm = 4
	cut       = "…"
)

// keep has a secret taken out from now on, and a mark put in its place.
func (r *redactor) keep(secret, mark string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if secret == "" || r.words[secret] != "" {
		return
	}
	if r.words == nil {
		r.words = map[string]string{}
	}
	r.words[secret] = mark
	f := &forms{marks: map[string]string{}}
	for word, mark := range r.words {
		for _, form := range encoded(word) {
			if _, known := f.marks[form]; !known {
				f.marks[form] = mark
				f.list = append(f.list, form)
			}
		}
	}
	// A form may be the beginning of another.
	slices.SortFunc(f.list, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var pairs []string
	for _, form := range f.list {
		pairs = append(pairs, form, f.marks[form])
	}
	for mark := range maps.Values(r.words) {
		// A mark stays as it is where a text is redacted again, though a secret such as "token" is in it.
		pairs = append(pairs, mark, mark)
	}
	f.replacer = strings.NewReplacer(pairs...)
	r.forms.Store(f)
}

// redact takes the secrets out of a text, and pieces of them where it was cut.
func (r *redactor) redact(text string) string {
	f := r.forms.Load()
	if f == nil || text == "" {
		return text
	}
	text = f.replacer.Replace(text)
	pieces := strings.Split(text, cut)
	for i := 1; i < len(pieces); i++ {
		for _, form := range f.list {
			pieces[i-1] = withoutStart(pieces[i-1], form, f.marks[form])
			pieces[i] = withoutEnd(pieces[i], form, f.marks[form])
		}
	}
	return strings.Join(pieces, cut)
}

// withoutStart takes the beginning of a form from the end of a text that was cut there. A quotation mark or a brace may
// come after it.
func withoutStart(text, form, mark string) string {
	body := strings.TrimRight(text, "\"'`)]} ")
	for n := min(len(form)-1, len(body)); n >= leastForm; n-- {
		if strings.HasSuffix(body, form[:n]) {
			return body[:len(body)-n] + mark + text[len(body):]
		}
	}
	return text
}

// withoutEnd takes the end of a form from the beginning of a text that was cut there.
func withoutEnd(text, form, mark string) string {
	body := strings.TrimLeft(text, "\"'`([{ ")
	for n := min(len(form)-1, len(body)); n >= leastForm; n-- {
		if strings.HasPrefix(body, form[len(form)-n:]) {
			return text[:len(text)-len(body)] + mark + body[n:]
		}
	}
	return text
}

// encoded lists a secret and its forms: escaped for a URL, JSON, Go, HTML and XML, in hex, and in base64 wherever in an
// encoded text it begins.
func encoded(secret string) []string {
	all := []string{secret}
	add := func(forms ...string) {
		for _, form := range forms {
			if len(form) >= leastForm && !slices.Contains(all, form) {
				all = append(all, form)
			}
		}
	}
	escapes := func(s string) {
		add(url.QueryEscape(s), url.PathEscape(s), lowerEscapes(url.QueryEscape(s)), lowerEscapes(url.PathEscape(s)))
		text, _ := json.Marshal(s)
		whole := string(text[1 : len(text)-1])
		add(whole, strings.ReplaceAll(whole, "/", `\/`))
		var plain strings.Builder
		e := json.NewEncoder(&plain)
		e.SetEscapeHTML(false)
		_ = e.Encode(s)
		inner := strings.TrimSuffix(plain.String(), "\n")
		inner = inner[1 : len(inner)-1]
		add(inner, strings.ReplaceAll(inner, "/", `\/`))
		quoted := strconv.Quote(s)
		add(quoted[1:len(quoted)-1], html.EscapeString(s), strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace(s))
	}
	escapes(secret)
	add(hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))))
	var percent, unicode strings.Builder
	for i := range len(secret) {
		fmt.Fprintf(&percent, "%%%02X", secret[i])
		fmt.Fprintf(&unicode, `\u%04x`, secret[i])
	}
	add(percent.String(), strings.ToLower(percent.String()), unicode.String(), strings.ToUpper(unicode.String()),
		strings.ReplaceAll(strings.ToUpper(unicode.String()), `\U`, `\u`))
	for offset := range 3 {
		for _, code := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			form := code.EncodeToString(append(make([]byte, offset), secret...))
			// What the bytes before and after it share with the secret is left out.
			from, to := (offset*8+5)/6, (offset+len(secret))*8/6
			if from < to {
				add(form[from:to])
				escapes(form[from:to])
			}
		}
	}
	return all
}

// lowerEscapes writes the digits of %2F in small letters.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}
