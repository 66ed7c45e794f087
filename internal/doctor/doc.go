// Package doctor checks, against a real tenant, what the vendors' pages leave
// open and the provider assumes. A product's folder gives an [Examination]: its
// numbered assumptions, and the checks that try them. Code comments use the same numbers,
// as in "blink 5".
//
// Nothing is changed unless the user asks for it. Then one person is added,
// changed and removed, and gets back what they had, also after Ctrl-C and after an
// error. What the report shows of ids, names and e-mail addresses is masked.
package doctor
