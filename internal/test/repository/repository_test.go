// Package repository holds what surrounds the code to what is promised of it:
// workflows that run what they were reviewed with, the versions that CI tests,
// what a release publishes, and the forms that ask for what a report needs.
package repository

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const root = "../../.."

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// parse reads a YAML file as far as a type asks for it.
func parse[T any](t *testing.T, path string) T {
	t.Helper()
	var out T
	if err := yaml.Unmarshal([]byte(read(t, path)), &out); err != nil {
		t.Fatalf("%s: %s", path, err)
	}
	return out
}

// files gives the files that match a pattern, as paths from the top with slashes.
func files(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
	if err != nil || len(found) == 0 {
		t.Fatalf("no file matches %s (%v)", pattern, err)
	}
	for i, path := range found {
		if found[i], err = filepath.Rel(root, path); err != nil {
			t.Fatal(err)
		}
		found[i] = filepath.ToSlash(found[i])
	}
	return found
}

type workflow struct {
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]job    `yaml:"jobs"`
}

type job struct {
	Timeout         int  `yaml:"timeout-minutes"`
	ContinueOnError bool `yaml:"continue-on-error"`
	Strategy        struct {
		Matrix struct {
			Include []program `yaml:"include"`
		} `yaml:"matrix"`
	} `yaml:"strategy"`
	Steps []step `yaml:"steps"`
}

type program struct {
	Program string `yaml:"program"`
	Version string `yaml:"version"`
}

type step struct {
	Uses string         `yaml:"uses"`
	Run  string         `yaml:"run"`
	With map[string]any `yaml:"with"`
}

// pinned is an action by the digest of a commit, with the version that Dependabot
// keeps beside it.
var pinned = regexp.MustCompile(`^\s*(?:- )?uses: ([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$`)

func TestActionsArePinnedByDigest(t *testing.T) {
	t.Parallel()
	digests := map[string]string{}
	for _, file := range files(t, ".github/workflows/*.yml") {
		for line := range strings.Lines(read(t, file)) {
			line = strings.TrimRight(line, "\n")
			if !strings.Contains(line, "uses:") {
				continue
			}
			m := pinned.FindStringSubmatch(line)
			if m == nil {
				t.Errorf("%s: %q is not pinned as owner/action@DIGEST # vX.Y.Z", file, strings.TrimSpace(line))
				continue
			}
			if before := digests[m[1]]; before != "" && before != m[2] {
				t.Errorf("%s: %s has two digests", file, m[1])
			}
			digests[m[1]] = m[2]
		}
	}
	if len(digests) < 8 {
		t.Errorf("only %d actions were found", len(digests))
	}
}

func TestWorkflowsMayDoLittle(t *testing.T) {
	t.Parallel()
	for _, file := range files(t, ".github/workflows/*.yml") {
		w := parse[workflow](t, file)
		if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
			t.Errorf("%s: the workflow's own permissions are %v, want contents: read", file, w.Permissions)
		}
		for name, j := range w.Jobs {
			if j.Timeout == 0 {
				t.Errorf("%s: the job %s has no time limit", file, name)
			}
			for _, s := range j.Steps {
				if strings.Contains(s.Run, "${{") {
					t.Errorf("%s: the job %s puts an expression into a script; give it an environment variable", file, name)
				}
				if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
					t.Errorf("%s: the job %s leaves its token in the checkout", file, name)
				}
			}
		}
	}
}

// oldest finds "Terraform 1.8 or OpenTofu 1.8, or later".
var oldest = regexp.MustCompile(`Terraform 1\.(\d+) or OpenTofu 1\.(\d+), or later`)

// CI runs the acceptance tests on each minor version from the oldest one that the
// documentation claims, without a gap, and on whatever is newest.
func TestMatrixHasEveryClaimedVersion(t *testing.T) {
	t.Parallel()
	m := oldest.FindStringSubmatch(read(t, "docs/index.md"))
	if m == nil {
		t.Fatal("docs/index.md does not say which versions it is for")
	}
	// What is known to be out; a newer one goes into the matrix when it comes.
	newest := map[string]int{"terraform": 16, "tofu": 12}
	for i, name := range []string{"terraform", "tofu"} {
		first, err := strconv.Atoi(m[i+1])
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for minor := first; minor <= newest[name]; minor++ {
			want = append(want, "1."+strconv.Itoa(minor)+".*")
		}
		want = append(want, "latest")
		for _, p := range parse[workflow](t, ".github/workflows/ci.yml").Jobs["acceptance"].Strategy.Matrix.Include {
			if p.Program == name {
				got = append(got, p.Version)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("CI tests %s %v, want %v", name, got, want)
		}
	}
}

func TestPreReleasesMayFail(t *testing.T) {
	t.Parallel()
	j := parse[workflow](t, ".github/workflows/prereleases.yml").Jobs["acceptance"]
	if !j.ContinueOnError {
		t.Error("a pre-release that fails would block")
	}
	var programs []string
	for _, p := range j.Strategy.Matrix.Include {
		programs = append(programs, p.Program)
	}
	if !slices.Equal(programs, []string{"terraform", "tofu"}) {
		t.Errorf("the pre-releases of %v are tested", programs)
	}
}

type dependabot struct {
	Updates []struct {
		Ecosystem   string         `yaml:"package-ecosystem"`
		Directory   string         `yaml:"directory"`
		Directories []string       `yaml:"directories"`
		Groups      map[string]any `yaml:"groups"`
	} `yaml:"updates"`
}

func TestDependabotKeepsEverything(t *testing.T) {
	t.Parallel()
	kept := map[string]bool{}
	for _, u := range parse[dependabot](t, ".github/dependabot.yml").Updates {
		if len(u.Groups) == 0 {
			t.Errorf("%s in %s%v has no group: each dependency is a pull request of its own", u.Ecosystem, u.Directory, u.Directories)
		}
		for _, d := range append(u.Directories, u.Directory) {
			kept[u.Ecosystem+" "+strings.TrimSuffix(d, "/")] = true
		}
	}
	modules := files(t, "go.mod")
	modules = append(modules, files(t, "internal/tools/pinned/go.mod")...)
	modules = append(modules, files(t, "internal/tools/pinned/*/go.mod")...)
	want := []string{"github-actions "}
	for _, m := range modules {
		want = append(want, "gomod "+strings.TrimSuffix(strings.TrimSuffix("/"+m, "go.mod"), "/"))
	}
	for _, w := range want {
		if !kept[w] {
			t.Errorf("Dependabot does not keep %q", w)
		}
	}
}

type build struct {
	ID   string `yaml:"id"`
	Main string `yaml:"main"`
}

type releaser struct {
	Builds   []build `yaml:"builds"`
	Archives []struct {
		IDs []string `yaml:"ids"`
	} `yaml:"archives"`
	SBOMs []struct {
		Artifacts string `yaml:"artifacts"`
	} `yaml:"sboms"`
	Checksum struct {
		IDs []string `yaml:"ids"`
	} `yaml:"checksum"`
}

// Every program for users is built, packed and attested, and has a target of its
// own; the registries see the provider alone.
func TestReleasesHaveEveryProgram(t *testing.T) {
	t.Parallel()
	r := parse[releaser](t, ".goreleaser.yml")
	programs := []string{"."}
	for _, file := range files(t, "internal/*/cmd/main.go") {
		programs = append(programs, "./"+strings.TrimSuffix(file, "/main.go"))
	}
	for _, main := range programs {
		i := slices.IndexFunc(r.Builds, func(b build) bool { return b.Main == main })
		if i < 0 {
			t.Errorf("a release does not build %s", main)
			continue
		}
		packed := false
		for _, a := range r.Archives {
			packed = packed || slices.Contains(a.IDs, r.Builds[i].ID)
		}
		if !packed {
			t.Errorf("a release has no archive of %s", main)
		}
		// Run by Go, or built into a file that the target then runs.
		if made := read(t, "GNUmakefile"); main != "." && !strings.Contains(made, "run "+main+" $(ARGS)") && !strings.Contains(made, " "+main+"\n\t@exec ") {
			t.Errorf("no make target runs %s", main)
		}
	}
	if len(r.SBOMs) != 1 || r.SBOMs[0].Artifacts != "archive" {
		t.Errorf("the lists of components are of %v, want of each archive", r.SBOMs)
	}
	if !slices.Equal(r.Checksum.IDs, []string{"provider"}) {
		t.Errorf("the registries would find %v", r.Checksum.IDs)
	}
}

// The release workflow installs what lists components before it is needed, and
// attests everything that can be downloaded.
func TestReleasesAreAttested(t *testing.T) {
	t.Parallel()
	steps := parse[workflow](t, ".github/workflows/release.yml").Jobs["release"].Steps
	at := func(of func(step) bool) int { return slices.IndexFunc(steps, of) }
	syft := at(func(s step) bool { return strings.HasPrefix(s.Uses, "anchore/sbom-action/download-syft@") })
	release := at(func(s step) bool { return strings.Contains(s.Run, "goreleaser release") })
	attest := at(func(s step) bool { return strings.HasPrefix(s.Uses, "actions/attest-build-provenance@") })
	if syft < 0 || release < syft || attest < release {
		t.Fatalf("syft is step %d, the release %d, the attestation %d", syft, release, attest)
	}
	subjects, _ := steps[attest].With["subject-path"].(string)
	if got, want := strings.Fields(subjects), []string{"dist/*.zip", "dist/*.sbom.json", "dist/*_SHA256SUMS"}; !slices.Equal(got, want) {
		t.Errorf("attested are %v, want %v", got, want)
	}
	page := read(t, "docs/guides/verify.md")
	for _, want := range []string{
		"gh attestation verify", "--repo tf-roster/terraform-provider-roster ", "--signer-workflow tf-roster/terraform-provider-roster/.github/workflows/release.yml",
		`--source-ref "refs/tags/v$VERSION"`, ".sbom.json", "_SHA256SUMS.sig",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("docs/guides/verify.md does not show %s", want)
		}
	}
}

type form struct {
	Name string `yaml:"name"`
	Body []struct {
		ID          string `yaml:"id"`
		Type        string `yaml:"type"`
		Validations struct {
			Required bool `yaml:"required"`
		} `yaml:"validations"`
	} `yaml:"body"`
}

func TestFormsAskForWhatIsNeeded(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]string{
		".github/ISSUE_TEMPLATE/bug.yml":    {"versions!", "product!", "configuration!", "on_destroy!", "happened!", "log", "doctor"},
		".github/ISSUE_TEMPLATE/doctor.yml": {"product!", "version!", "mode!", "report!", "more"},
	} {
		f := parse[form](t, file)
		var got []string
		for _, field := range f.Body {
			if field.Type == "markdown" {
				continue
			}
			if field.Validations.Required {
				field.ID += "!"
			}
			got = append(got, field.ID)
		}
		if f.Name == "" || !slices.Equal(got, want) {
			t.Errorf("%s asks for %v, want %v (! is required)", file, got, want)
		}
	}
	for _, file := range []string{".github/pull_request_template.md", ".github/CODEOWNERS", "SECURITY.md", "LICENSE", "CONTRIBUTING.md", ".github/workflows/codeql.yml"} {
		if read(t, file) == "" {
			t.Errorf("%s is empty", file)
		}
	}
}

// A program that was built at the top of the tree is easily committed with the rest,
// and stays in every clone.
func TestNoProgramIsCommitted(t *testing.T) {
	git := exec.CommandContext(t.Context(), "git", "ls-files", "-z")
	git.Dir = root
	out, err := git.Output()
	if err != nil {
		t.Fatal(err)
	}
	const most = 512 << 10
	for path := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		info, err := os.Lstat(filepath.Join(root, filepath.FromSlash(path)))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed, and not yet committed
		} else if err != nil {
			t.Fatal(err)
		}
		if info.Size() > most {
			t.Errorf("%s has %d bytes: what is built belongs in /bin, which git ignores", path, info.Size())
		}
	}
}
