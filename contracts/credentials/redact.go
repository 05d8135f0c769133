package credentials

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf16"
	"unicode/utf8"
)

// redactor takes secrets out of texts: as they are, and as a target may send them back, encoded.
type redactor struct {
	mutex sync.Mutex
	// kept are the secrets: one may be a form of another, and has forms of its own.
	kept map[string]bool
	// marks are what is put in the place of each secret and of each of its encoded forms. A mark stands for itself: it
	// stays where a text is redacted again, though a secret such as "token" is in it.
	marks map[string]string
	forms atomic.Pointer[forms]
}

// cut is what stands where a text was cut.
const cut = "…"

// keep has secrets taken out from now on, and a mark put in the place of each.
func (r *redactor) keep(mark string, secrets ...string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.marks == nil {
		r.kept, r.marks = map[string]bool{}, map[string]string{}
	}
	before := len(r.marks)
	for _, secret := range secrets {
		if r.kept[secret] {
			continue
		}
		r.kept[secret] = true
		for _, form := range encoded(secret) {
			if len(form) >= leastForm && r.marks[form] == "" {
				r.marks[form] = mark
			}
		}
	}
	if len(r.marks) > before {
		if r.marks[mark] == "" {
			r.marks[mark] = mark
		}
		r.forms.Store(newForms(r.marks))
	}
}

// redact takes the secrets out of a text, and pieces of them where it was cut.
func (r *redactor) redact(text string) string {
	f := r.forms.Load()
	if f == nil || text == "" {
		return text
	}
	pieces := strings.Split(f.replace(text), cut)
	for i := 1; i < len(pieces); i++ {
		pieces[i-1], pieces[i] = f.withoutStart(pieces[i-1]), f.withoutEnd(pieces[i])
	}
	return strings.Join(pieces, cut)
}

// encoded lists a secret and its forms: escaped for a URL, JSON, Go, HTML and XML, read as Latin-1, in hex, and in
// base64 wherever in an encoded text it begins.
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
		if !strings.ContainsFunc(s, escaped) {
			return
		}
		for _, plain := range plainInURLs {
			form := percentEncoded(s, plain)
			plus := strings.ReplaceAll(form, "%20", "+")
			add(form, plus, lowerEscapes(form), lowerEscapes(plus))
		}
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
		for _, text := range []string{whole, inner} {
			plain := inASCII(text)
			add(plain, strings.ReplaceAll(plain, "/", `\/`))
		}
		quoted := strconv.Quote(s)
		add(quoted[1:len(quoted)-1], html.EscapeString(s), strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace(s))
	}
	escapes(secret)
	if misread := fromLatin1(secret); misread != secret {
		add(misread)
		escapes(misread)
	}
	small := hex.EncodeToString([]byte(secret))
	great := strings.ToUpper(small)
	add(small, great)
	by := func(before, digits string) string {
		var b strings.Builder
		for i := 0; i < len(digits); i += 2 {
			b.WriteString(before + digits[i:i+2])
		}
		return b.String()
	}
	add(by("%", great), by("%", small), by(`\u00`, small), by(`\U00`, great), by(`\u00`, great))
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

// inASCII writes what JSON has inside quotation marks as encoders do that escape all but ASCII.
func inASCII(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// fromLatin1 is a text as servers read it that take each byte of a header for a character.
func fromLatin1(text string) string {
	var b strings.Builder
	for i := range len(text) {
		b.WriteRune(rune(text[i]))
	}
	return b.String()
}

// escaped reports whether some encoding writes a character in another way.
func escaped(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_' && r != '.'
}

// plainInURLs are the characters that encoders for URLs leave as they are, besides letters, digits and "-_.": for a
// query, for a path in Go and in Python, for a part and a whole in JavaScript, and in Java.
var plainInURLs = [...]string{"~", "~$&+=:@", "~/", "~!*'()", "~!*'();,/?:@&=+$#", "*"}

// percentEncoded escapes a text for a URL, but for letters, digits, "-_." and what else is plain.
func percentEncoded(text, plain string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; escaped(rune(c)) && strings.IndexByte(plain, c) < 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
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
