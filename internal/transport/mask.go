package transport

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// masked stands where a secret was.
const masked = "***"

// shortestSecret is the fewest bytes that are looked for in texts. Anything
// shorter is no secret and would turn up in every other word.
const shortestSecret = 4

// Mask takes secrets out of texts.
type Mask struct {
	replacer *strings.Replacer
}

// NewMask gives a mask for the secrets: as they are, escaped for URLs and JSON,
// in base64, and each pair joined and encoded as basic authentication does it.
// Values of fewer than four bytes are left out.
func NewMask(secrets ...string) *Mask {
	var forms []string
	for _, s := range secrets {
		if len(s) >= shortestSecret {
			forms = append(forms, spellings(s)...)
		}
		for _, t := range secrets {
			if pair := s + ":" + t; s != "" && t != "" && len(pair) >= 2*shortestSecret {
				forms = append(forms, encodings(pair)...)
			}
		}
	}
	// The longest first, so that no part of it is replaced before.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(forms))
	for _, f := range slices.Compact(forms) {
		pairs = append(pairs, f, masked)
	}
	return &Mask{replacer: strings.NewReplacer(pairs...)}
}

// MaskOf gives the mask of a client that [New] made: that of its credentials. For
// any other client it masks nothing but user names and passwords in URLs.
func MaskOf(c *http.Client) *Mask {
	if s, ok := c.Transport.(*stack); ok {
		return s.mask
	}
	return NewMask()
}

// Text gives s without secrets, and without user names and passwords in URLs.
func (m *Mask) Text(s string) string {
	return maskUserinfo(m.replacer.Replace(s))
}

func spellings(s string) []string {
	forms := []string{s}
	for _, escaped := range []string{url.QueryEscape(s), url.PathEscape(s)} {
		forms = append(forms, escaped, lowerEscapes(escaped))
	}
	if quoted, err := json.Marshal(s); err == nil {
		plain := string(quoted[1 : len(quoted)-1])
		forms = append(forms, plain, unescapeHTML.Replace(plain), strings.ReplaceAll(unescapeHTML.Replace(plain), "/", `\/`))
	}
	return append(forms, encodings(s)...)
}

func encodings(s string) []string {
	return []string{
		base64.StdEncoding.EncodeToString([]byte(s)), base64.RawStdEncoding.EncodeToString([]byte(s)),
		base64.URLEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)),
	}
}

// unescapeHTML undoes what encoding/json escapes and others do not.
var unescapeHTML = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&")

var escape = regexp.MustCompile(`%[0-9A-F]{2}`)

func lowerEscapes(s string) string { return escape.ReplaceAllStringFunc(s, strings.ToLower) }

var userinfo = regexp.MustCompile(`://[^/?#@\s"]*@`)

// maskUserinfo takes user names and passwords out of URLs, such as a proxy's.
func maskUserinfo(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	return userinfo.ReplaceAllLiteralString(s, "://"+masked+"@")
}

// confidential are JSON keys whose values open doors: tokens, and the links
// with which an invitation is accepted or rejected.
var confidential = regexp.MustCompile(`(?i)("(?:[a-z0-9_-]*(?:token|secret|password|api[_-]?key)|acceptUrl|rejectUrl|accept_url|reject_url|authorization|cookie)"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|\[[^\]]*\]?|\{[^}]*\}?|[^\s,{}\]"\[]+)`)

// maskJSON takes the values of confidential keys out of a body, whole or not.
func maskJSON(s string) string {
	return confidential.ReplaceAllString(s, `${1}"`+masked+`"`)
}
