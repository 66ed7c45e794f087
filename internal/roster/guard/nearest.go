package guard

import "strings"

// Nearest gives the word that was probably meant by another one: the one that
// takes the fewest edits, and no more than a quarter of its letters. "" where
// none is near.
func Nearest(word string, known []string) string {
	best, least := "", 1+len(word)
	for _, k := range known {
		if d := edits(strings.ToLower(word), strings.ToLower(k)); d < least && d > 0 && 4*d <= max(len(word), len(k)) {
			best, least = k, d
		}
	}
	return best
}

// edits counts the letters to insert, delete or replace, and the neighbors to
// swap, until one word is the other.
func edits(a, b string) int {
	two, one := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range one {
		one[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(one[j+1]+1, row[j]+1, one[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], two[j-1]+1)
			}
		}
		two, one = one, row
	}
	return one[len(b)]
}
