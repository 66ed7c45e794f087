// Package wirecheck judges requests and answers by the products' OpenAPI files,
// so that neither the clients nor the mock service drift away from what those
// files say. The files are the ones that the clients are generated from: a
// mistake in a file itself is in both, and not seen here.
package wirecheck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// largeAnswer is the size in bytes from which on only the first answer of each
// operation is checked: validating ten thousand rows costs more than serving them.
const largeAnswer = 256 << 10

// API is one product's OpenAPI file, and the path below which the product is served.
type API struct {
	prefix     string
	operations func() ([]operation, error)
}

// NewAPI takes an OpenAPI 3 file, which is read once, when the first [Checker]
// needs it, and a prefix such as "/api/v1".
func NewAPI(prefix string, file []byte) *API {
	return &API{prefix: prefix, operations: sync.OnceValues(func() ([]operation, error) {
		doc, err := openapi3.NewLoader().LoadFromData(file)
		if err != nil {
			return nil, fmt.Errorf("read the OpenAPI file for %s: %w", prefix, err)
		}
		var all []operation
		for path, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				all = append(all, operation{
					route:    &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op},
					prefix:   prefix,
					segments: strings.Split(path, "/"),
				})
			}
		}
		return all, nil
	})}
}

// Prefix is the path below which the product is served.
func (a *API) Prefix() string { return a.prefix }

// Answer is what a service gave back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Checker knows the calls of several APIs. It is safe for concurrent use.
type Checker struct {
	operations []operation

	mu    sync.Mutex
	large map[*openapi3.Operation]bool
}

type operation struct {
	route    *routers.Route
	prefix   string
	segments []string
}

// New makes a checker. The error is that of an OpenAPI file that cannot be read.
func New(apis ...*API) (*Checker, error) {
	c := &Checker{large: map[*openapi3.Operation]bool{}}
	for _, a := range apis {
		ops, err := a.operations()
		if err != nil {
			return nil, err
		}
		c.operations = append(c.operations, ops...)
	}
	return c, nil
}

// find matches segment by segment on the path as it was sent.
func (c *Checker) find(r *http.Request) (*operation, map[string]string) {
	for i := range c.operations {
		op := &c.operations[i]
		rest, ok := strings.CutPrefix(r.URL.EscapedPath(), op.prefix)
		if !ok || op.route.Method != r.Method {
			continue
		}
		parts := strings.Split(rest, "/")
		if len(parts) != len(op.segments) {
			continue
		}
		params, fits := map[string]string{}, true
		for j, seg := range op.segments {
			name, isParam := strings.CutPrefix(seg, "{")
			if !isParam {
				fits = fits && seg == parts[j]
				continue
			}
			text, err := url.PathUnescape(parts[j])
			fits = fits && err == nil && text != "" && text != "." && text != ".."
			params[strings.TrimSuffix(name, "}")] = text
		}
		if fits {
			return op, params
		}
	}
	return nil, nil
}

// Check gives everything that does not fit in one exchange. The request's body
// is given apart and not read; answer is nil where there is none to judge.
func (c *Checker) Check(r *http.Request, body []byte, answer *Answer) []error {
	op, params := c.find(r)
	if op == nil {
		return []error{errors.New("no OpenAPI file knows this call")}
	}
	errs := requestExtras(op.route.Operation, op.route.PathItem, r, body)
	copied := r.Clone(r.Context())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	copied.ContentLength = int64(len(body))
	options := &openapi3filter.Options{
		MultiError: true, IncludeResponseStatus: true, AuthenticationFunc: credentials, SkipSettingDefaults: true,
	}
	options.WithCustomSchemaErrorFunc(func(err *openapi3.SchemaError) string {
		text := "/" + strings.Join(err.JSONPointer(), "/") + " " + err.Reason
		if err.Origin != nil {
			text += ": " + err.Origin.Error()
		}
		return text
	})
	in := &openapi3filter.RequestValidationInput{
		Request: copied, PathParams: params, Route: op.route,
		Options: options,
	}
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		errs = append(errs, fmt.Errorf("the request: %w", short(err)))
	}
	if answer == nil || c.skip(op.route.Operation, len(answer.Body)) {
		return errs
	}
	declared := op.route.Operation.Responses.Status(answer.Status)
	if declared == nil {
		declared = op.route.Operation.Responses.Default()
	}
	if declared != nil && declared.Value != nil && len(declared.Value.Content) == 0 {
		if len(answer.Body) > 0 {
			errs = append(errs, fmt.Errorf("the answer with status %d has a body, and none is described", answer.Status))
		}
		return errs
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: answer.Status, Header: answer.Header, Options: options,
	}
	out.SetBodyBytes(answer.Body)
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		errs = append(errs, fmt.Errorf("the answer with status %d: %w", answer.Status, short(err)))
	}
	return errs
}

func (c *Checker) skip(op *openapi3.Operation, size int) bool {
	if size < largeAnswer {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := c.large[op]
	c.large[op] = true
	return seen
}

// requestExtras finds what the validator lets pass: query parameters and bodies that nobody described.
func requestExtras(op *openapi3.Operation, item *openapi3.PathItem, r *http.Request, body []byte) []error {
	var errs []error
	for name := range r.URL.Query() {
		if op.Parameters.GetByInAndName("query", name) == nil && item.Parameters.GetByInAndName("query", name) == nil {
			errs = append(errs, fmt.Errorf("the request has the query parameter %q, which is not described", name))
		}
	}
	if op.RequestBody == nil && len(body) > 0 {
		errs = append(errs, errors.New("the request has a body, and none is described"))
	}
	return errs
}

// credentials asks that a request carries some, in the way that the file says:
// a key in a header, a bearer token or basic authentication. Whether they are
// right is for the service to tell.
func credentials(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	r, scheme := in.RequestValidationInput.Request, in.SecurityScheme
	switch {
	case scheme.Type == "apiKey" && scheme.In == "header":
		if r.Header.Get(scheme.Name) == "" {
			return fmt.Errorf("the header %s is missing", scheme.Name)
		}
	case scheme.Type == "http" && strings.EqualFold(scheme.Scheme, "basic"):
		if _, _, ok := r.BasicAuth(); !ok {
			return errors.New("basic authorization is missing")
		}
	case scheme.Type == "http" && strings.EqualFold(scheme.Scheme, "bearer"):
		if name, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); !strings.EqualFold(name, "bearer") || strings.TrimSpace(token) == "" {
			return errors.New("the bearer token is missing")
		}
	default:
		return fmt.Errorf("the security scheme %q (%s %s) is not known here", in.SecuritySchemeName, scheme.Type, scheme.Scheme+scheme.In)
	}
	return nil
}

// short keeps the validator from filling a page.
func short(err error) error {
	const enough = 600
	if text := err.Error(); len(text) > enough {
		return errors.New(text[:enough] + " ...")
	}
	return err
}
