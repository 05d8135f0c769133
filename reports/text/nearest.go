package text

import "strings"

// Nearest finds the name that a mistyped word most likely meant; it is empty where none is near. Upper and lower case
// count as different letters, but cheaply.
func Nearest(word string, names []string) string {
	best, limit := "", 2*max(1, (len([]rune(word))+1)/3)+1
	for _, name := range names {
		if strings.EqualFold(word, name) {
			return name
		}
		if d := distance([]rune(word), []rune(name)); d < limit {
			best, limit = name, d
		}
	}
	return best
}

// distance is the optimal string alignment distance (Levenshtein's, with neighbours swapped as one edit), counted in
// halves: an edit costs 2, a change of case 1.
func distance(a, b []rune) int {
	if len(a) > 64 || len(b) > 64 {
		return 1 << 20
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = 2 * i
	}
	for j := range rows[0] {
		rows[0][j] = 2 * j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 2
			if a[i-1] == b[j-1] {
				change = 0
			} else if a[i-1]^b[j-1] == ' ' {
				change = 1
			}
			rows[i][j] = min(rows[i-1][j]+2, rows[i][j-1]+2, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+2)
			}
		}
	}
	return rows[len(a)][len(b)]
}
