package credentials

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Forms are found as by looking for one after the other, the longest first, wherever they begin, overlap or were cut.
func TestForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`a{4}[ab]{0,4}|[ab]{4,7}|[ab]{1,3}…[ab]{1,4}`)
		marks := map[string]string{"[one]": "[one]", "[two]": "[two]"}
		for i, w := range rapid.SliceOfN(word, 1, 12).Draw(t, "forms") {
			marks[w] = []string{"[one]", "[two]"}[i%2]
		}
		text := strings.Join(rapid.SliceOfN(rapid.OneOf(word, rapid.StringMatching(`[ab]{1,5}`), rapid.SampledFrom([]string{"…", `"`, "[one]", " "})), 0, 8).Draw(t, "text"), "")
		f := newForms(marks)
		var list, pairs []string
		for w := range marks {
			list = append(list, w)
		}
		slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
		for _, w := range list {
			pairs = append(pairs, w, marks[w])
		}
		if got, want := f.replace(text), strings.NewReplacer(pairs...).Replace(text); got != want {
			t.Fatalf("of %v, %q became %q, expected %q", marks, text, got, want)
		}
		got := f.withoutStart(text)
		for body := strings.TrimRight(text, "\"'`)]} "); len(body) >= leastForm; body = body[1:] {
			if i := slices.IndexFunc(list, func(w string) bool { return w != marks[w] && w != body && strings.HasPrefix(w, body) }); i >= 0 {
				whole := strings.TrimRight(text, "\"'`)]} ")
				if before := whole[:len(whole)-len(body)]; !strings.HasPrefix(got, before+"[") || len(got) != len(before)+len("[one]")+len(text)-len(whole) {
					t.Fatalf("of %v, %q lost its end to %q, expected %q and a mark", marks, text, got, before)
				}
				return
			}
		}
		if got != text {
			t.Fatalf("of %v, %q lost its end to %q", marks, text, got)
		}
	})
}

// What was cut away at the beginning leaves its end, as what was cut away at the end leaves its beginning.
func TestFormsBackwards(t *testing.T) {
	backwards := func(s string) string {
		b := []byte(s)
		slices.Reverse(b)
		return string(b)
	}
	rapid.Check(t, func(t *rapid.T) {
		there, back := map[string]string{}, map[string]string{}
		for _, w := range rapid.SliceOfN(rapid.StringMatching(`[ab]{4,9}`), 1, 8).Draw(t, "forms") {
			there[w], back[backwards(w)] = "[m]", "]m["
		}
		text := rapid.StringMatching(`[ab" ]{0,12}`).Draw(t, "text")
		if got, want := newForms(there).withoutEnd(text), backwards(newForms(back).withoutStart(backwards(text))); got != want {
			t.Fatalf("of %v, %q became %q, expected %q", there, text, got, want)
		}
	})
}

// thousands are tokens that begin alike, as those of one issuer do.
func thousands(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("eyJhbGciOiJIUzI1NiJ9.%08x/%d", uint32(i)*2654435761, i))
	}
	return list
}

// As many secrets as there may be tenants are each taken out. It is quick, or the search grows with their number.
func TestRedactThousands(t *testing.T) {
	r := new(redactor)
	list := thousands(MaxTenants)
	r.keep("[token]", list...)
	for _, secret := range list {
		for _, text := range []string{secret, encoded(secret)[2], secret[:30] + "…", "…" + secret[6:]} {
			if got := r.redact("found " + text + " there"); strings.Contains(got, secret[:25]) || !strings.Contains(got, "[token]") {
				t.Fatalf("%q became %q", text, got)
			}
		}
	}
}

// How long it takes is to depend on the text alone.
func BenchmarkRedact(b *testing.B) {
	text := strings.Repeat("an answer of some length, in which eyJhbGciOiJIUzI1NiJ9 stands at times; ", 50)
	for _, n := range []int{1, 100, MaxTenants} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := new(redactor)
			r.keep("[token]", thousands(n)...)
			for b.Loop() {
				r.redact(text)
			}
		})
	}
}

// A secret may be a form of another one, as where a key is the hex of a token: its own forms are taken out too.
func TestRedactFormOfAnother(t *testing.T) {
	const secret = "tok/en+1"
	for _, other := range encoded(secret)[1:] {
		r := new(redactor)
		r.keep("[token]", secret)
		r.keep("[secret]", other)
		for _, form := range encoded(other) {
			if got := r.redact("found " + form + " there"); got != "found [token] there" && got != "found [secret] there" {
				t.Errorf("with %q kept too, %q is left", other, got)
			}
		}
	}
}

// A secret beyond ASCII comes back as servers read headers and as encoders write them.
func TestRedactBeyondASCII(t *testing.T) {
	const secret = "schl\u00fcssel/\U0001f511"
	r := new(redactor)
	r.keep("[secret]", secret)
	for _, form := range []string{
		`schl\u00fcssel/\ud83d\udd11`, `schl\u00fcssel\/\ud83d\udd11`, "schl\u00c3\u00bcssel/\u00f0\u009f\u0094\u0091", `schl\u00c3\u00bcssel/\u00f0\u009f\u0094\u0091`,
		"schl%C3%83%C2%BCssel/%C3%B0%C2%9F%C2%94%C2%91", "schl%C3%BCssel%2F%F0%9F%94%91",
	} {
		if got := r.redact("found " + form + " there"); got != "found [secret] there" {
			t.Errorf("%q became %q", form, got)
		}
	}
}

// What encoders of several languages make of a secret for a URL is taken out.
func TestRedactURLs(t *testing.T) {
	r := new(redactor)
	r.keep("[secret]", "a/b+c= d!e~")
	for _, form := range []string{
		"a%2Fb%2Bc%3D+d%21e~", "a%2Fb+c=%20d%21e~", "a/b%2Bc%3D%20d%21e~", "a%2Fb%2Bc%3D%20d!e~", "a/b+c=%20d!e~", "a%2Fb%2Bc%3D+d%21e%7E", "a%2fb%2bc%3d+d%21e%7e",
	} {
		if got := r.redact("?k=" + form + "&"); got != "?k=[secret]&" {
			t.Errorf("%q became %q", form, got)
		}
	}
}
