package doctor

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// Exit codes.
const (
	exitHolds      = 0
	exitFailed     = 1
	exitContradict = 3
)

// Command is the program, apart from signals and the end of the process.
type Command struct {
	// Products are those that can be chosen.
	Products []Product
	// Version is that of the program.
	Version string
	// Getenv reads the environment.
	Getenv func(string) string
	// Stdout gets the report, Stderr what happens meanwhile.
	Stdout, Stderr io.Writer
	// Journal is the folder where a run with changes notes what has to be restored;
	// "" is roster-doctor in the user's configuration folder.
	Journal string
	Timing  Timing
}

// settings are the flags of a run.
type settings struct {
	workspace, user, confirm string
	write, json              bool
}

// Run runs the command with its arguments and gives the exit code: 0 where all that
// was tried holds, 3 where something does not, 1 where nothing could be found out or
// the run ended early. When ctx ends, the run ends, after it has restored what it
// changed.
func (c Command) Run(ctx context.Context, args []string) int {
	err := c.run(ctx, args)
	var contradicted contradiction
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitHolds
	case errors.As(err, &contradicted):
		return exitContradict
	case errors.Is(err, errUsage):
		return exitFailed
	default:
		_, _ = fmt.Fprintf(c.Stderr, "roster-doctor: %s\n", err)
		return exitFailed
	}
}

// contradiction is the end of a run in which something does not hold.
type contradiction struct{}

func (contradiction) Error() string { return "an assumption does not hold" }

// errUsage is an argument that was complained about already.
var errUsage = errors.New("the arguments are wrong")

func (c Command) usage(to io.Writer) {
	var names []string
	for _, p := range c.Products {
		names = append(names, p.Name)
	}
	_, _ = fmt.Fprintf(to, `roster-doctor checks against your own tenant what the provider assumes. It only reads, unless -write is given.

Usage:
  roster-doctor PRODUCT -workspace ID [-json]
  roster-doctor PRODUCT -workspace ID -write -user ID -confirm E-MAIL [-json]
  roster-doctor -version

PRODUCT is one of: %s. Keys and endpoints come from the provider's environment variables:
`, strings.Join(names, ", "))
	for _, p := range c.Products {
		for _, s := range p.Settings {
			use := "optional"
			switch {
			case s.Required:
				use = "required"
			case s.Default != "":
				use = "default " + s.Default
			}
			_, _ = fmt.Fprintf(to, "  %-28s %s\n", s.Variable, use)
		}
	}
	_, _ = fmt.Fprint(to, `
Exit codes: 0 all that was tried holds; 3 something does not; 1 could not run, or ended early.
"roster-doctor PRODUCT -help" lists the flags.
`)
}

func (c Command) run(ctx context.Context, args []string) error {
	top := flag.NewFlagSet("roster-doctor", flag.ContinueOnError)
	top.SetOutput(c.Stderr)
	top.Usage = func() { c.usage(c.Stderr) }
	version := top.Bool("version", false, "print the version and stop")
	if err := top.Parse(args); err != nil {
		return usageError(err)
	}
	if *version {
		_, err := fmt.Fprintf(c.Stdout, "roster-doctor %s\n", c.Version)
		return err
	}
	i := slices.IndexFunc(c.Products, func(p Product) bool { return p.Name == top.Arg(0) })
	if i < 0 {
		c.usage(c.Stderr)
		if top.NArg() > 0 {
			return fmt.Errorf("there is no product %q", top.Arg(0))
		}
		return errUsage
	}
	s, err := c.parse(c.Products[i].Name, top.Args()[1:])
	if err != nil {
		return err
	}
	return c.examine(ctx, c.Products[i], s)
}

func usageError(err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	return errUsage
}

func (c Command) parse(product string, args []string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("roster-doctor "+product, flag.ContinueOnError)
	f.SetOutput(c.Stderr)
	f.StringVar(&s.workspace, "workspace", "", "the `id` of the workspace")
	f.BoolVar(&s.json, "json", false, "print the report as JSON")
	f.BoolVar(&s.write, "write", false, "also try what only a change tells, on the user of -user")
	f.StringVar(&s.user, "user", "", "with -write: the `id` of the user who is added, changed, removed and restored: a user whose access does not matter")
	f.StringVar(&s.confirm, "confirm", "", "with -write: the `e-mail` address of the same user")
	if err := f.Parse(args); err != nil {
		return s, usageError(err)
	}
	for _, v := range []*string{&s.workspace, &s.user, &s.confirm} {
		*v = strings.TrimSpace(*v)
	}
	switch {
	case f.NArg() > 0:
		return s, fmt.Errorf("%q is no flag; -help lists them", f.Arg(0))
	case s.workspace == "":
		return s, errors.New("name the workspace: -workspace ID")
	case s.write && (s.user == "" || s.confirm == ""):
		return s, errors.New("-write changes a user's access, so name the user twice: -user ID and -confirm E-MAIL")
	case !s.write && (s.user != "" || s.confirm != ""):
		return s, errors.New("-user and -confirm are for -write: without it, nobody is changed")
	}
	return s, nil
}

// connect reads the environment.
func (c Command) connect(p Product) (*Service, error) {
	values := map[string]string{}
	for _, s := range p.Settings {
		v := cmp.Or(strings.TrimSpace(c.Getenv(s.Variable)), s.Default)
		if v == "" && s.Required {
			return nil, fmt.Errorf("the environment variable %s is not set", s.Variable)
		}
		if v != "" && s.Parse != nil {
			var err error
			if v, err = s.Parse(v); err != nil {
				return nil, fmt.Errorf("the environment variable %s cannot be used: %w", s.Variable, err)
			}
		}
		values[s.Attribute] = v
	}
	return newService(p, p.Connect(values), c.Version)
}

// examination is one run on one workspace.
type examination struct {
	Command
	product  Product
	settings settings
	service  *Service
	checks   Checks
	journal  *journal
	findings *Findings
}

func (c Command) examine(ctx context.Context, p Product, s settings) error {
	service, err := c.connect(p)
	if err != nil {
		return err
	}
	mask := transport.MaskOf(service.client)
	c.Stdout, c.Stderr = maskedWriter{c.Stdout, mask}, maskedWriter{c.Stderr, mask}
	service.Conceal("id", s.workspace, s.user)
	service.Conceal("e-mail", s.confirm)
	checks, err := p.Open(service, s.workspace)
	if err != nil {
		return masked(mask, err)
	}
	j, err := openJournal(c.Journal)
	if err != nil && s.write {
		return err
	}
	e := examination{
		Command: c, product: p, settings: s, service: service, checks: checks, journal: j,
		findings: newFindings(p.Assumptions),
	}
	return masked(mask, e.run(ctx))
}

func (e *examination) run(ctx context.Context) error {
	checking, cancel := context.WithTimeout(ctx, e.Timing.Checks)
	defer cancel()
	if e.journal != nil && !e.settings.write {
		e.remind("")
	}
	if err := e.checks.Read(checking, e.findings); err != nil {
		return ended(ctx, err)
	}
	report := &Report{
		Format: format, Version: e.Version, Product: e.product.Name, Endpoint: e.endpoint(), Mode: "read-only",
	}
	forChanges := "needs -write"
	if e.settings.write {
		restored, end, err := e.write(checking)
		if err != nil {
			return err
		}
		report.Mode, report.Restored = "write", &restored
		if end != nil {
			report.Ended = e.service.conceal(ended(ctx, end).Error())
		}
		forChanges = "the trial did not come to it"
	}
	report.Lines = e.findings.lines("nothing in this tenant tells", forChanges)
	if len(e.findings.misuse) > 0 {
		return fmt.Errorf("findings on assumptions that %s does not have: %v", e.product.Title, e.findings.misuse)
	}
	report.count()
	write := report.writeTable
	if e.settings.json {
		write = report.writeJSON
	}
	if err := write(e.Stdout); err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	switch {
	case report.Counts[DoesNotHold] > 0:
		return contradiction{}
	case report.Restored != nil && !*report.Restored:
		return errors.New("the user did not get everything back")
	case report.Ended != "":
		return errors.New("the run ended early: " + report.Ended)
	default:
		return nil
	}
}

// ended says why a run ended where its context did.
func ended(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("the time for the checks was over")
	default:
		return err
	}
}

// write tries what only a change tells. end is why the trial did not come to its
// end; err is why nothing was changed.
func (e *examination) write(ctx context.Context) (restored bool, end, err error) {
	if err := e.journal.begin(); err != nil {
		return false, nil, err
	}
	defer e.journal.end()
	e.remind(e.settings.user)
	if err := e.catchUp(ctx); err != nil {
		return false, nil, ended(ctx, err)
	}
	prior, err := e.checks.Admit(ctx, e.settings.user, e.settings.confirm)
	if err != nil {
		return false, nil, fmt.Errorf("nothing was changed: %w", ended(ctx, err))
	}
	t := e.trial(prior)
	note := entry{
		Product: e.product.Name, Endpoint: e.service.Endpoint, Workspace: e.settings.workspace, User: t.User, Prior: t.Prior,
		Calls: t.commands(e.checks.Restore(t.User, t.Prior, nil)),
	}
	if err := e.journal.note(note); err != nil {
		return false, nil, fmt.Errorf("nothing was changed: %w", err)
	}
	t.announce()
	end = e.checks.Try(ctx, t)
	t.delay()
	if end != nil && ctx.Err() != nil {
		t.say("The run ends now. What was changed is restored first; stopping once more leaves it as it is.")
	}
	if err := t.restore(ctx); err != nil {
		return false, errors.Join(end, err), nil
	}
	e.forget(note)
	return true, end, nil
}

func (e *examination) trial(prior Standing) *Trial {
	return &Trial{
		User: e.settings.user, Prior: prior, Now: prior, Findings: e.findings,
		service: e.service, restorer: e.checks, timing: e.Timing, product: e.product, progress: e.Stderr,
	}
}

// forget removes a note about what is restored.
func (e *examination) forget(note entry) {
	if err := e.journal.forget(note); err != nil {
		_, _ = fmt.Fprintf(e.Stderr, "roster-doctor: Everything is restored, but the note about it cannot be removed: %s\n", err)
	}
}

// catchUp restores what an earlier run on the same user was killed before it had
// restored, and begins anew.
func (e *examination) catchUp(ctx context.Context) error {
	for _, left := range e.leftovers() {
		if left.User != e.settings.user {
			continue
		}
		t := e.trial(left.Prior)
		t.changed, t.unclear = true, true
		t.say("An earlier run was killed before it had restored this user. That comes first.")
		if err := t.restore(ctx); err != nil {
			return fmt.Errorf("what an earlier run has changed cannot be restored: %w", err)
		}
		e.forget(left)
		checks, err := e.product.Open(e.service, e.settings.workspace)
		if err != nil {
			return err
		}
		e.checks, e.findings = checks, newFindings(e.product.Assumptions)
		if err := e.checks.Read(ctx, e.findings); err != nil {
			return err
		}
	}
	return nil
}

func (e *examination) leftovers() []entry {
	return e.journal.left(e.product.Name, e.service.Endpoint, e.settings.workspace)
}

// remind names those whom an earlier run did not restore, apart from one user.
func (e *examination) remind(except string) {
	for _, left := range e.leftovers() {
		if left.User == except {
			continue
		}
		_, _ = fmt.Fprintf(e.Stderr, "roster-doctor: An earlier run was killed before it had restored user %s, who was %s. "+
			"Run it again with -write and -user %s, which restores the user first, or make these calls and delete %s:\n",
			left.User, left.Prior, left.User, e.journal.file(left))
		for _, call := range left.Calls {
			_, _ = fmt.Fprintf(e.Stderr, "  %s\n", call)
		}
	}
}

// endpoint gives the base URL without what could name the user's company.
func (e *examination) endpoint() string {
	u, err := url.Parse(e.service.Endpoint)
	if err != nil {
		return "<endpoint>"
	}
	for _, s := range e.product.Settings {
		if known, err := url.Parse(s.Default); err == nil && s.Default != "" && known.Host == u.Host {
			return e.service.Endpoint
		}
	}
	return u.Scheme + "://<host>" + u.Path
}

// Unreadable says why a workspace cannot be read, and what helps.
func (a Answer) Unreadable(title string) error {
	if a.Err != nil {
		if te, ok := transport.AsError(a.Err); ok {
			return te
		}
		return a.Err
	}
	switch said := a.Said(); {
	case a.Status == http.StatusUnauthorized:
		return fmt.Errorf("%s answered %s: the API key is wrong or has expired", title, a)
	case a.Forbidden():
		return fmt.Errorf("%s answered %s: the API key's user may not read this workspace", title, a)
	case a.Status == http.StatusNotFound && said.Own:
		return fmt.Errorf("%s answered %s: there is no such workspace, or it is not shown to the API key's user", title, a)
	case a.OK() && a.Row() != nil:
		return fmt.Errorf("%s answered %s with something that is no workspace", title, a)
	default:
		return fmt.Errorf("%s answered %s, which is not how %s's API answers: check the endpoint %s", title, a, title, a.service.Endpoint)
	}
}

// maskedWriter takes secrets out of what is written. Every write is a whole text.
type maskedWriter struct {
	to   io.Writer
	mask *transport.Mask
}

func (w maskedWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.to, w.mask.Text(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// masked takes secrets out of an error's text.
func masked(mask *transport.Mask, err error) error {
	if err == nil || errors.As(err, new(contradiction)) {
		return err
	}
	return errors.New(mask.Text(err.Error()))
}
