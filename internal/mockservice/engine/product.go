package engine

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/wirecheck"
)

// Table lists the products that a server serves, in the order in which it names them.
type Table []*Product

// Product is one entry of the table: all that the service has to be told about a product.
type Product struct {
	// Name is the product in seeds, faults, counts and control endpoints, in lower case.
	Name string
	// Title is the product's name for people.
	Title string
	// API says below which path the product is served, and has the OpenAPI file
	// that judges what goes over the wire.
	API *wirecheck.API
	// Routes are the documented calls.
	Routes []Route
	// DefaultSeed is the product's part of the seed that is built in, as JSON.
	DefaultSeed []byte
	// Sample is what tests of every product use of the default seed.
	Sample Sample
	// World describes the worlds that tests of every product make.
	World World
	// NewPart makes an empty part of a seed.
	NewPart func() Part
	// NewBehaviour makes a pointer to a struct of switches (see [Switch]) that all have their default.
	NewBehaviour func() any
	// NewState builds what a part of a seed describes.
	NewState func(Part, *Workspaces) State
	// EndlessStart and EndlessRow are what the fault "endless" sends: once, and again and again.
	EndlessStart, EndlessRow string
	// Control are the control endpoints that only this product has.
	Control []ControlRoute
}

// Sample names a workspace, a user and a role of a default seed.
type Sample struct {
	Workspace string
	// Stranger is a user whom the tenant knows and who is no member of the workspace.
	Stranger string
	// Role is a role below the owner's.
	Role string
}

// Route is one documented call of a product.
type Route struct {
	Method string
	// Path is the template below the product's prefix, as the vendor writes it.
	Path string
	// Call is the short name used in faults, counts and the audit trail.
	Call   string
	Handle Handler
}

// Handler answers a call. It is made by [Handle].
type Handler func(State, *Call) Answer

// Handle makes a handler of a function that takes the product's own state and switches.
func Handle[S State, B any](f func(S, *Call, *B) Answer) Handler {
	return func(s State, c *Call) Answer {
		own, isOwn := s.(S)
		how, isHow := c.behaviour.(*B)
		if !isOwn || !isHow {
			return Text(http.StatusInternalServerError, fmt.Sprintf("the route %s belongs to another product", c.Route.Call))
		}
		return f(own, c, how)
	}
}

// Part is a product's part of a seed: a pointer to a struct with JSON tags.
type Part interface {
	// Problems says what is wrong with it.
	Problems(*Problems)
}

// State is what a product holds and how it speaks. Its methods are called with the server's lock held.
type State interface {
	// Authenticate sets the caller of a call, or refuses it.
	Authenticate(*Call) (refusal Answer, ok bool)
	// CountsAsOwner gives 1 for what is an owner: first as a person, then as a group.
	CountsAsOwner(*Workspace, Row) (user, group int)
	// SetMember changes a member's standing without a call of the API.
	SetMember(workspace string, m Member) error
	// UnknownRoute is what the product says to a path or method that it does not know.
	UnknownRoute(status int) Answer
	// Failure is a failure in the product's own form of an error.
	Failure(status int) Answer
	// Env gives the environment that points the provider at the product below a
	// base URL, as NAME=value; nothing where the seed has no key.
	Env(baseURL string) []string
	// Part gives the whole state as a part of a seed, which shares nothing with it.
	Part() Part
}

// ControlRoute is a control endpoint of one product, below /_mock/NAME.
type ControlRoute struct {
	// Method and Path are the pattern, such as "PUT" and "/tenant/user/{id}".
	Method, Path string
	// Usage is the same for people, with the query parameters; Help says what it does.
	Usage, Help string
	Handle      func(*Server, *http.Request) error
}

// RouteInfo describes a route for those who count or disturb it.
type RouteInfo struct {
	Product, Method, Path, Call string
}

// Routes lists the calls that the products know.
func (t Table) Routes() []RouteInfo {
	var infos []RouteInfo
	for _, p := range t {
		for _, r := range p.Routes {
			infos = append(infos, RouteInfo{p.Name, r.Method, r.Path, r.Call})
		}
	}
	return infos
}

// Titles names the products for people: "A (under /a) and B (under /b)".
func (t Table) Titles() string {
	titles := make([]string, len(t))
	for i, p := range t {
		titles[i] = fmt.Sprintf("%s (under %s)", p.Title, p.API.Prefix())
	}
	return strings.Join(titles, " and ")
}

// Sample gives the sample of a product; the zero value where there is no such product.
func (t Table) Sample(product string) Sample {
	if p := t.product(product); p != nil {
		return p.Sample
	}
	return Sample{}
}

// names gives the names of the products, for messages.
func (t Table) names() []string {
	names := make([]string, len(t))
	for i, p := range t {
		names[i] = p.Name
	}
	return names
}

func (t Table) product(name string) *Product {
	if i := slices.IndexFunc(t, func(p *Product) bool { return p.Name == name }); i >= 0 {
		return t[i]
	}
	return nil
}

// at tells which product a path belongs to, and the rest of the path; nil for none.
func (t Table) at(escapedPath string) (p *Product, rest string) {
	for _, p := range t {
		if rest, ok := strings.CutPrefix(escapedPath, p.API.Prefix()+"/"); ok {
			return p, rest
		}
	}
	return nil, ""
}

func (p *Product) label(r *Route) string { return p.Name + " " + r.Method + " " + r.Path }

// find matches segment by segment on the path as it was sent, so that an
// escaped slash stays inside of its segment, and never cleans a path up.
// methodWrong is true where the path fits a route of another method.
func (p *Product) find(method, rest string) (found *Route, args map[string]string, methodWrong bool) {
	parts := strings.Split(rest, "/")
	for i := range p.Routes {
		r := &p.Routes[i]
		a, ok := matchPath(r.Path, parts)
		if !ok {
			continue
		}
		if r.Method == method {
			return r, a, false
		}
		methodWrong = true
	}
	return nil, nil, methodWrong
}

func matchPath(template string, parts []string) (map[string]string, bool) {
	segments := strings.Split(strings.TrimPrefix(template, "/"), "/")
	if len(segments) != len(parts) {
		return nil, false
	}
	args := map[string]string{}
	for i, seg := range segments {
		text, err := url.PathUnescape(parts[i])
		if err != nil || text == "" || text == "." || text == ".." {
			return nil, false
		}
		if name, ok := strings.CutPrefix(seg, "{"); ok {
			args[strings.TrimSuffix(name, "}")] = text
		} else if parts[i] != seg {
			return nil, false
		}
	}
	return args, true
}

// Answer is what a handler gives back: JSON, or nothing.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// Undescribed marks answers that no OpenAPI file can describe: a route that is switched off.
	Undescribed bool
}

// JSON answers with a value.
func JSON(status int, v any) Answer {
	body, err := json.Marshal(v)
	if err != nil { // only for types that JSON cannot hold, of which there are none here
		return Answer{Status: http.StatusInternalServerError, Body: []byte(err.Error()), Undescribed: true}
	}
	return RawJSON(status, body)
}

// RawJSON answers with JSON that is encoded already.
func RawJSON(status int, body []byte) Answer {
	return Answer{Status: status, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: body}
}

// Text answers with plain text, which no OpenAPI file describes.
func Text(status int, text string) Answer {
	return Answer{
		Status: status, Body: []byte(text), Undescribed: true,
		Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
	}
}

// NotFound gives a product's own 404 in one of the forms in which a 404 comes
// from something else that stands before the product: "default_backend" and
// "no_route" (ingress and gateway), "empty" and "html". Any other form is the product's own.
func NotFound(form string, own Answer) Answer {
	a := Answer{Status: http.StatusNotFound, Undescribed: true}
	switch form {
	case "default_backend":
		return Text(a.Status, "default backend - 404")
	case "no_route":
		a = JSON(a.Status, map[string]string{"message": "no Route matched with those values"})
		a.Undescribed = true
	case "empty":
		a.Header = http.Header{}
	case "html":
		a = page(a.Status)
	default:
		return own
	}
	return a
}

// page is an HTML page as a gateway sends it.
func page(status int) Answer {
	return Answer{
		Status: status, Undescribed: true,
		Header: http.Header{"Content-Type": {"text/html"}},
		Body:   fmt.Appendf(nil, htmlPage, status, http.StatusText(status)),
	}
}

const htmlPage = `<!DOCTYPE html>
<html><head><title>%[1]d %[2]s</title></head>
<body><center><h1>%[1]d %[2]s</h1></center><hr><center>gateway</center></body></html>
`

// Right is what a caller may do in a workspace.
type Right int

// The rights, each of which includes the ones before it.
const (
	RightNone Right = iota
	RightRead
	RightWrite
)
