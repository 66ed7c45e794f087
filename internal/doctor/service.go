package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

const (
	// requestTimeout bounds one attempt of a call.
	requestTimeout = 30 * time.Second
	// maxRetries is how often a call is repeated where that is safe.
	maxRetries = 2
	// maxAnswerBytes bounds an answer.
	maxAnswerBytes = 32 << 20
)

// Service makes calls of the product.
type Service struct {
	// Endpoint is the base URL.
	Endpoint string

	explain   func(body []byte) apiclient.Said
	client    *http.Client
	anonymous *http.Client
	// confidential are the ids, names and addresses that answers showed, each
	// followed by what stands for it.
	confidential []string
	masked       map[string]bool
}

func newService(p Product, a Access, version string) (*Service, error) {
	options := transport.Options{
		Product: p.Title, Endpoint: a.Endpoint, Authenticate: a.Authenticate,
		UserAgent:      "roster-doctor/" + version + " (+https://registry.terraform.io/providers/tf-roster/roster)",
		RequestTimeout: requestTimeout, MaxRetries: maxRetries, MaxAnswerBytes: maxAnswerBytes,
	}
	client, err := transport.New(options)
	if err != nil {
		return nil, err
	}
	options.Authenticate = nil
	anonymous, err := transport.New(options)
	if err != nil {
		return nil, err
	}
	return &Service{Endpoint: a.Endpoint, explain: p.Explain, client: client, anonymous: anonymous, masked: map[string]bool{}}, nil
}

// Get gives a function that makes a call which reads.
func (s *Service) Get(ctx context.Context) func(*http.Request, error) Answer {
	return func(r *http.Request, err error) Answer { return s.ask(ctx, s.client, r, err) }
}

// GetWithoutKey is [Service.Get] without credentials.
func (s *Service) GetWithoutKey(ctx context.Context) func(*http.Request, error) Answer {
	return func(r *http.Request, err error) Answer { return s.ask(ctx, s.anonymous, r, err) }
}

// send makes a call that changes something. It is sent once: repeated only where
// it certainly was not carried out.
func (s *Service) send(ctx context.Context, c Call) Answer {
	return s.ask(transport.OnceOnly(ctx, &transport.Write{}), s.client, c.request(ctx), nil)
}

func (s *Service) ask(ctx context.Context, client *http.Client, r *http.Request, err error) Answer {
	a := Answer{service: s, Err: err}
	if err != nil {
		return a
	}
	resp, err := client.Do(r.WithContext(ctx))
	if err != nil {
		a.Err = err
		return a
	}
	defer resp.Body.Close()
	a.Status = resp.StatusCode
	a.Body, a.Err = io.ReadAll(resp.Body)
	return a
}

// Conceal has an id, a name or an e-mail address masked in what the service says.
// kind stands for it, as in "id".
func (s *Service) Conceal(kind string, values ...string) {
	for _, v := range values {
		for _, spelled := range []string{v, strings.ToLower(v)} {
			if spelled != "" && !s.masked[spelled] {
				s.masked[spelled] = true
				s.confidential = append(s.confidential, spelled, "<"+kind+">")
			}
		}
	}
}

var (
	emailAddress = regexp.MustCompile(`[^\s"'<>()\[\]]+@[^\s"'<>()\[\]]+`)
	uuid         = regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)
	longNumber   = regexp.MustCompile(`\b[0-9]{4,}\b`)
)

// conceal masks a text of the service. What is no known id, name or address is
// found by how it looks.
func (s *Service) conceal(text string) string {
	pairs := slices.Clone(s.confidential)
	// A longer text first, so that no part of it is replaced before.
	order := make([]int, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		order = append(order, i)
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(pairs[b]) - len(pairs[a]) })
	sorted := make([]string, 0, len(pairs))
	for _, i := range order {
		sorted = append(sorted, pairs[i], pairs[i+1])
	}
	text = emailAddress.ReplaceAllLiteralString(text, "<e-mail>")
	text = strings.NewReplacer(sorted...).Replace(text)
	text = uuid.ReplaceAllLiteralString(text, "<id>")
	return longNumber.ReplaceAllLiteralString(text, "<number>")
}

// Answer is what came of a call.
type Answer struct {
	// Status is 0 where there was no answer.
	Status int
	Body   []byte
	// Err is why there was no answer, or not a whole one.
	Err error

	service *Service
}

// OK tells an answer of success.
func (a Answer) OK() bool { return a.Err == nil && a.Status >= 200 && a.Status <= 299 }

// Refused tells an answer that says no, after which nothing has changed.
func (a Answer) Refused() bool {
	return a.Err == nil && a.Status >= 400 && a.Status < 500 &&
		a.Status != http.StatusTooManyRequests && a.Status != http.StatusRequestTimeout
}

// Said is what the body of a failure says.
func (a Answer) Said() apiclient.Said { return a.service.explain(a.Body) }

// Decode reads the body as JSON.
func (a Answer) Decode(into any) error {
	if a.Err != nil {
		return a.Err
	}
	dec := json.NewDecoder(bytes.NewReader(a.Body))
	dec.UseNumber()
	return dec.Decode(into)
}

// Row reads the body as a JSON object; nil where it is none.
func (a Answer) Row() Row {
	var r Row
	if a.Decode(&r) != nil {
		return nil
	}
	return r
}

// String describes the answer for the report, as in `400 (invalid_role: "no such role")`.
func (a Answer) String() string {
	if a.Err != nil {
		if e, ok := transport.AsError(a.Err); ok {
			return "no answer (" + e.Kind.String() + ")"
		}
		return "no answer"
	}
	text := fmt.Sprint(a.Status)
	if a.Status < 400 {
		return text
	}
	said := a.Said()
	const most = 80
	var parts []string
	if said.Identifier != "" {
		parts = append(parts, transport.OneLine(a.service.conceal(said.Identifier), most))
	}
	if said.Message != "" {
		parts = append(parts, fmt.Sprintf("%q", transport.OneLine(a.service.conceal(said.Message), most)))
	}
	switch {
	case len(parts) > 0:
		text += " (" + strings.Join(parts, ": ") + ")"
	case len(a.Body) == 0:
		text += " (empty)"
	case transport.LooksLikeHTML(string(a.Body)):
		text += " (a web page)"
	case !said.Own:
		text += " (not in the product's own form)"
	}
	return text
}

// Row is a JSON object.
type Row map[string]any

// Text gives a field that is a string or a number; "" for anything else.
func (r Row) Text(field string) string {
	switch v := r[field].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		return ""
	}
}

// Bool gives a field that is true or false; told is false for anything else.
func (r Row) Bool(field string) (value, told bool) {
	value, told = r[field].(bool)
	return value, told
}

// Rows gives a list of objects. ok is false for anything else, and where not all
// of its elements are objects.
func Rows(v any) (rows []Row, ok bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	for _, one := range list {
		row, isRow := one.(map[string]any)
		if !isRow {
			return nil, false
		}
		rows = append(rows, row)
	}
	return rows, true
}

// Shape names the JSON type of a value, for the report.
func Shape(v any) string {
	switch v.(type) {
	case nil:
		return "null or missing"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case []any:
		return "an array"
	default:
		return "an object"
	}
}

// Tally counts words, as in "owner 1, viewer 3".
type Tally map[string]int

// String lists the words in alphabetical order.
func (t Tally) String() string {
	words := make([]string, 0, len(t))
	for w, n := range t {
		if w == "" {
			w = "none"
		}
		words = append(words, fmt.Sprintf("%s %d", w, n))
	}
	slices.Sort(words)
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// Count says how many there are of something, as in "1 row" and "2 rows".
func Count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// YesNo says it in the report.
func YesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
