package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/provider"
)

// packages are those that make diagnostics: what the products share, and the
// folder of each product.
func packages() []string {
	folders := []string{"internal/roster", "internal/framework", "internal/provider"}
	for _, product := range provider.Products() {
		folders = append(folders, "internal/"+product.Name)
	}
	return folders
}

// diagnostic is one error or warning as the source code has it. What is filled
// in when it is given is an ellipsis.
type diagnostic struct {
	// Severity is "error", "warning", or "error or warning" where the code that
	// gives it decides.
	Severity        string
	Summary, Detail string
	// File is relative to the module, Line counts from 1.
	File string
	Line int
}

const gap = "…"

// maker is a function that makes a diagnostic of its arguments.
type maker struct {
	severity        string
	summary, detail int // which arguments; a detail of -1 is none
}

// makers are those of the framework and of the core, by name.
var makers = map[string]maker{
	"failure":                       {"error", 1, 2},
	"ErrorAt":                       {"error", 1, 2},
	"WarningAt":                     {"warning", 1, 2},
	"warning":                       {"warning", 1, 2},
	"AddError":                      {"error", 0, 1},
	"AddWarning":                    {"warning", 0, 1},
	"AddAttributeError":             {"error", 1, 2},
	"AddAttributeWarning":           {"warning", 1, 2},
	"NewErrorDiagnostic":            {"error", 0, 1},
	"NewWarningDiagnostic":          {"warning", 0, 1},
	"NewAttributeErrorDiagnostic":   {"error", 1, 2},
	"NewAttributeWarningDiagnostic": {"warning", 1, 2},
}

// scan collects the diagnostics of all packages below a module's root, without
// doubles and sorted by their summaries.
func scan(root string) ([]diagnostic, error) {
	var all []diagnostic
	for _, dir := range packages() {
		found, err := scanPackage(root, dir)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortStableFunc(all, func(a, b diagnostic) int {
		return cmp.Or(cmp.Compare(a.Summary, b.Summary), cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Detail, b.Detail))
	})
	// A summary that is given to a diagnostic with a detail of its own is listed with it.
	all = slices.DeleteFunc(all, func(a diagnostic) bool {
		return a.Detail == "" && slices.ContainsFunc(all, func(b diagnostic) bool { return b.Summary == a.Summary && b.Detail != "" })
	})
	return slices.CompactFunc(all, func(a, b diagnostic) bool {
		return a.Summary == b.Summary && a.Detail == b.Detail && a.Severity == b.Severity
	}), nil
}

func scanPackage(root, dir string) ([]diagnostic, error) {
	p := pkg{files: token.NewFileSet(), root: root, functions: map[string][]*ast.FuncDecl{}, constants: map[string]ast.Expr{}, makers: map[string]maker{}}
	var parsed []*ast.File
	err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(dir)), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(p.files, path, nil, parser.SkipObjectResolution)
		parsed = append(parsed, file)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	for _, file := range parsed {
		p.declare(file)
	}
	maps.Copy(p.makers, makers)
	for grown := true; grown; {
		grown = false
		for _, file := range parsed {
			grown = p.wrappers(file) || grown
		}
	}
	for _, file := range parsed {
		p.collect(file)
	}
	return p.found, nil
}

// pkg is one package while it is searched.
type pkg struct {
	root      string
	files     *token.FileSet
	functions map[string][]*ast.FuncDecl
	constants map[string]ast.Expr
	// makers are those of all packages, and this package's functions around them.
	makers map[string]maker
	found  []diagnostic
}

// declare notes the functions and constants of a file.
func (p *pkg) declare(file *ast.File) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			p.functions[d.Name.Name] = append(p.functions[d.Name.Name], d)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok || d.Tok != token.CONST {
					continue
				}
				for i, name := range v.Names {
					if i < len(v.Values) {
						p.constants[name.Name] = v.Values[i]
					}
				}
			}
		}
	}
}

// scope is the function that a piece of code is in.
type scope struct {
	// name is qualified by the outer function's for one that is held in a
	// variable; empty for one without a name.
	name   string
	params []string
	body   *ast.BlockStmt
	outer  *scope
}

// param tells which parameter of the scope a name is; -1 for none.
func (s *scope) param(e ast.Expr) int {
	id, ok := e.(*ast.Ident)
	if !ok || s == nil {
		return -1
	}
	return slices.Index(s.params, id.Name)
}

// qualified names a function that a variable of this scope holds.
func (s *scope) qualified(name string) string {
	if s == nil {
		return name
	}
	return s.name + "." + name
}

func paramsOf(t *ast.FuncType) []string {
	var out []string
	for _, field := range t.Params.List {
		for _, name := range field.Names {
			out = append(out, name.Name)
		}
	}
	return out
}

// each visits every node with the function that it is in.
func each(file *ast.File, visit func(ast.Node, *scope)) {
	var walk func(ast.Node, *scope)
	walk = func(n ast.Node, s *scope) {
		names := map[*ast.FuncLit]string{}
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Body != nil {
					walk(n.Body, &scope{name: n.Name.Name, params: paramsOf(n.Type), body: n.Body})
				}
				return false
			case *ast.AssignStmt:
				for i, right := range n.Rhs {
					if lit, ok := right.(*ast.FuncLit); ok && i < len(n.Lhs) {
						if id, ok := n.Lhs[i].(*ast.Ident); ok {
							names[lit] = id.Name
						}
					}
				}
			case *ast.FuncLit:
				visit(n, s)
				name := names[n]
				if name != "" {
					name = s.qualified(name)
				}
				walk(n.Body, &scope{name: name, params: paramsOf(n.Type), body: n.Body, outer: s})
				return false
			}
			if n != nil {
				visit(n, s)
			}
			return true
		})
	}
	walk(file, nil)
}

func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	default:
		return ""
	}
}

// maker finds what a call makes a diagnostic with.
func (p *pkg) maker(c *ast.CallExpr, s *scope) (maker, bool) {
	name := called(c)
	if _, plain := c.Fun.(*ast.Ident); plain {
		for in := s; in != nil; in = in.outer {
			if m, ok := p.makers[in.qualified(name)]; ok {
				return m, m.summary < len(c.Args) && m.detail < len(c.Args)
			}
		}
	}
	m, ok := p.makers[name]
	return m, ok && m.summary < len(c.Args) && m.detail < len(c.Args)
}

// wrappers finds functions that hand a parameter on as a summary, and tells if
// there are new ones.
func (p *pkg) wrappers(file *ast.File) (grown bool) {
	each(file, func(n ast.Node, s *scope) {
		c, ok := n.(*ast.CallExpr)
		if !ok || s == nil || s.name == "" {
			return
		}
		m, ok := p.maker(c, s)
		if !ok {
			return
		}
		summary := s.param(c.Args[m.summary])
		if _, known := p.makers[s.name]; summary < 0 || known {
			return
		}
		w := maker{severity: m.severity, summary: summary, detail: -1}
		if m.detail >= 0 {
			w.detail = s.param(c.Args[m.detail])
		}
		p.makers[s.name] = w
		grown = true
	})
	return grown
}

// collect finds the diagnostics of a file.
func (p *pkg) collect(file *ast.File) {
	each(file, func(n ast.Node, s *scope) {
		switch n := n.(type) {
		case *ast.CallExpr:
			p.collectCall(n, s)
		case *ast.CompositeLit:
			p.collectLiteral(n, s)
		case *ast.AssignStmt:
			p.collectAssignment(n, s)
		case *ast.FuncLit:
			p.collectPair(n, s)
		}
	})
}

func (p *pkg) add(severity string, at token.Pos, s *scope, summary, detail ast.Expr) {
	where := p.files.Position(at)
	file, err := filepath.Rel(p.root, where.Filename)
	if err != nil {
		file = where.Filename
	}
	text := ""
	if detail != nil {
		text = strings.Join(p.texts(detail, s, 0), " / ")
	}
	for _, head := range p.texts(summary, s, 0) {
		if head == gap && detail != nil && text == gap {
			continue // two texts that are no diagnostic
		}
		p.found = append(p.found, diagnostic{Severity: severity, Summary: head, Detail: text, File: filepath.ToSlash(file), Line: where.Line})
	}
}

func (p *pkg) collectCall(c *ast.CallExpr, s *scope) {
	name := called(c)
	if name == "NewArgumentFuncError" || name == "NewFuncError" {
		p.addFunction(c, s)
		return
	}
	m, ok := p.maker(c, s)
	if !ok {
		return
	}
	if summary := c.Args[m.summary]; s.param(summary) < 0 && !handedOn(summary) {
		var detail ast.Expr
		if m.detail >= 0 {
			detail = c.Args[m.detail]
		}
		p.add(m.severity, c.Pos(), s, summary, detail)
	}
}

// addFunction takes the error of a function, which is a text and nothing else.
func (p *pkg) addFunction(c *ast.CallExpr, s *scope) {
	before := len(p.found)
	p.add("error", c.Pos(), s, c.Args[len(c.Args)-1], nil)
	for i := range p.found[before:] {
		p.found[before+i].Detail = p.found[before+i].Summary
	}
}

// handedOn tells if the expression is the summary of a diagnostic that exists.
func handedOn(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Summary"
}

// collectLiteral takes Finding{Summary: ..., Detail: ...}.
func (p *pkg) collectLiteral(l *ast.CompositeLit, s *scope) {
	kind := l.Type
	if sel, ok := kind.(*ast.SelectorExpr); ok {
		kind = sel.Sel
	}
	if id, ok := kind.(*ast.Ident); !ok || id.Name != "Finding" {
		return
	}
	fields := map[string]ast.Expr{}
	for _, e := range l.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok {
				fields[key.Name] = kv.Value
			}
		}
	}
	severity := "error or warning"
	if id, ok := fields["Severity"].(*ast.Ident); ok {
		switch id.Name {
		case "SeverityError":
			severity = "error"
		case "SeverityWarning":
			severity = "warning"
		}
	}
	if summary := fields["Summary"]; summary != nil && s.param(summary) < 0 && !p.ofPair(summary, s) {
		p.add(severity, l.Pos(), s, summary, fields["Detail"])
	}
}

// ofPair tells if a summary is one that a function gave together with a detail;
// [pkg.collectPair] finds those.
func (p *pkg) ofPair(e ast.Expr, s *scope) bool {
	id, ok := e.(*ast.Ident)
	if !ok || s == nil {
		return false
	}
	pair := false
	ast.Inspect(s.body, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == 2 && len(a.Rhs) == 1 {
			if left, ok := a.Lhs[0].(*ast.Ident); ok && left.Name == id.Name {
				pair = true
			}
		}
		return true
	})
	return pair
}

// collectAssignment takes f.Summary = ..., with the f.Detail = ... beside it.
func (p *pkg) collectAssignment(a *ast.AssignStmt, s *scope) {
	for i, left := range a.Lhs {
		sel, ok := left.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Summary" || i >= len(a.Rhs) {
			continue
		}
		p.add("error or warning", a.Pos(), s, a.Rhs[i], detailBeside(a, s))
	}
}

// detailBeside finds the next assignment to a Detail in the same function.
func detailBeside(a *ast.AssignStmt, s *scope) (detail ast.Expr) {
	ast.Inspect(s.body, func(n ast.Node) bool {
		b, ok := n.(*ast.AssignStmt)
		if ok && detail == nil && b.Pos() > a.Pos() && len(b.Lhs) == len(b.Rhs) {
			for i, left := range b.Lhs {
				if sel, ok := left.(*ast.SelectorExpr); ok && sel.Sel.Name == "Detail" {
					detail = b.Rhs[i]
				}
			}
		}
		return true
	})
	return detail
}

// collectPair takes func(...) (string, string) { return summary, detail }.
func (p *pkg) collectPair(f *ast.FuncLit, s *scope) {
	if f.Type.Results == nil {
		return
	}
	words := 0
	for _, r := range f.Type.Results.List {
		if id, ok := r.Type.(*ast.Ident); !ok || id.Name != "string" {
			return
		}
		words += max(1, len(r.Names))
	}
	if words != 2 {
		return
	}
	inner := &scope{params: paramsOf(f.Type), body: f.Body, outer: s}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) == 2 {
			p.add("error or warning", r.Pos(), inner, r.Results[0], r.Results[1])
		}
		return true
	})
}

// deepest bounds how far calls and variables are followed.
const deepest = 6

var verb = regexp.MustCompile(`%[-+# 0]*[0-9.]*[a-zA-Z]`)

// texts gives what an expression may be, with gaps.
func (p *pkg) texts(e ast.Expr, s *scope, depth int) []string {
	if depth > deepest {
		return []string{gap}
	}
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return []string{text}
		}
	case *ast.ParenExpr:
		return p.texts(e.X, s, depth+1)
	case *ast.BinaryExpr:
		var out []string
		for _, left := range p.texts(e.X, s, depth+1) {
			for _, right := range p.texts(e.Y, s, depth+1) {
				out = append(out, left+right)
			}
		}
		return out
	case *ast.Ident:
		return p.named(e, s, depth)
	case *ast.CallExpr:
		return p.result(e, s, depth)
	}
	return []string{gap}
}

// named gives what a constant or a variable may hold.
func (p *pkg) named(id *ast.Ident, s *scope, depth int) []string {
	if value, ok := p.constants[id.Name]; ok {
		return p.texts(value, s, depth+1)
	}
	for ; s != nil; s = s.outer {
		var out []string
		ast.Inspect(s.body, func(n ast.Node) bool {
			a, ok := n.(*ast.AssignStmt)
			if !ok || len(a.Lhs) != len(a.Rhs) {
				return true
			}
			for i, left := range a.Lhs {
				if to, ok := left.(*ast.Ident); !ok || to.Name != id.Name {
					continue
				}
				texts := p.texts(a.Rhs[i], s, depth+1)
				if a.Tok == token.ADD_ASSIGN {
					for _, base := range slices.Clone(out) {
						for _, more := range texts {
							out = append(out, base+more)
						}
					}
					continue
				}
				out = append(out, texts...)
			}
			return true
		})
		if len(out) > 0 {
			return out
		}
	}
	return []string{gap}
}

// result gives what a call may give.
func (p *pkg) result(c *ast.CallExpr, s *scope, depth int) []string {
	name := called(c)
	sel, qualified := c.Fun.(*ast.SelectorExpr)
	switch {
	case name == "Sprintf" && len(c.Args) > 0:
		return filled(p.texts(c.Args[0], s, depth+1))
	case name == "Errorf" && len(c.Args) > 0:
		return filled(p.texts(c.Args[0], s, depth+1))
	case (name == "TrimRight" || name == "TrimSuffix" || name == "TrimSpace" || name == "capital") && len(c.Args) > 0:
		return p.texts(c.Args[0], s, depth+1)
	case name == "String" && qualified && len(c.Args) == 0:
		if written := p.written(sel.X, s, depth); written != "" {
			return []string{written}
		}
	case name == "Error" && qualified:
		return p.failed(sel.X, s, depth)
	}
	if out := p.results(name, 0, depth); len(out) > 0 && len(out) <= 8 {
		return out
	}
	return []string{gap}
}

// failed gives what an error that a function of this package gave may say.
func (p *pkg) failed(e ast.Expr, s *scope, depth int) []string {
	id, ok := e.(*ast.Ident)
	if !ok || s == nil {
		return []string{gap}
	}
	var out []string
	ast.Inspect(s.body, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Rhs) != 1 {
			return true
		}
		c, ok := a.Rhs[0].(*ast.CallExpr)
		for i, left := range a.Lhs {
			if to, named := left.(*ast.Ident); ok && named && to.Name == id.Name {
				out = append(out, p.results(called(c), i, depth)...)
			}
		}
		return true
	})
	out = slices.DeleteFunc(out, func(text string) bool { return text == gap })
	if len(out) == 0 {
		return []string{gap}
	}
	return out
}

// results gives what a function of this package may give in one place.
func (p *pkg) results(name string, place, depth int) []string {
	var out []string
	for _, f := range p.functions[name] {
		if f.Type.Results == nil || f.Body == nil {
			continue
		}
		inner := &scope{name: name, params: paramsOf(f.Type), body: f.Body}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if _, other := n.(*ast.FuncLit); other {
				return false
			}
			if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) > place {
				out = append(out, p.texts(r.Results[place], inner, depth+1)...)
			}
			return true
		})
	}
	return out
}

// written gives what a function writes into a strings.Builder.
func (p *pkg) written(builder ast.Expr, s *scope, depth int) string {
	id, ok := builder.(*ast.Ident)
	if !ok || s == nil {
		return ""
	}
	var out []string
	ast.Inspect(s.body, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		if !ok || len(c.Args) == 0 {
			return true
		}
		switch called(c) {
		case "WriteString":
			if sel, ok := c.Fun.(*ast.SelectorExpr); ok {
				if to, ok := sel.X.(*ast.Ident); ok && to.Name == id.Name {
					out = append(out, p.texts(c.Args[0], s, depth+1)...)
				}
			}
		case "Fprintf":
			if len(c.Args) > 1 {
				out = append(out, filled(p.texts(c.Args[1], s, depth+1))...)
			}
		}
		return true
	})
	return strings.Join(out, "")
}

func filled(formats []string) []string {
	out := make([]string, 0, len(formats))
	for _, f := range formats {
		const percent = "\x00"
		f = strings.ReplaceAll(f, "%%", percent)
		out = append(out, strings.ReplaceAll(verb.ReplaceAllString(f, gap), percent, "%"))
	}
	return out
}
