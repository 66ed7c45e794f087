package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module makes a provider of one line, so that a test builds in no time.
func module(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                           "module example.com/provider\n\ngo 1.26.0\n",
		"main.go":                          "package main\n\nvar version = \"dev\"\n\nfunc main() { println(version) }\n",
		"LICENSE":                          "licence\n",
		"README.md":                        "readme\n",
		"terraform-registry-manifest.json": "{\"version\":1}\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func pack(t *testing.T, root, version, platforms string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "zips")
	if err := run(t.Context(), []string{"-root", root, "-out", out, "-version", version, "-platforms", platforms}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNamesAreTheRegistrys(t *testing.T) {
	t.Parallel()
	out := pack(t, module(t), "1.2.3-rc.1", "linux_amd64,windows_amd64")

	for _, name := range []string{
		"terraform-provider-roster_1.2.3-rc.1_linux_amd64.zip",
		"terraform-provider-roster_1.2.3-rc.1_windows_amd64.zip",
		"terraform-provider-roster_1.2.3-rc.1_manifest.json",
		"terraform-provider-roster_1.2.3-rc.1_SHA256SUMS",
	} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
	if entries, err := os.ReadDir(out); err != nil || len(entries) != 4 {
		t.Errorf("the directory holds %d files (%v), want 4", len(entries), err)
	}

	for file, binary := range map[string]string{
		"terraform-provider-roster_1.2.3-rc.1_linux_amd64.zip":   "terraform-provider-roster_v1.2.3-rc.1",
		"terraform-provider-roster_1.2.3-rc.1_windows_amd64.zip": "terraform-provider-roster_v1.2.3-rc.1.exe",
	} {
		archive, err := zip.OpenReader(filepath.Join(out, file))
		if err != nil {
			t.Fatal(err)
		}
		defer archive.Close()
		var names []string
		for _, f := range archive.File {
			names = append(names, f.Name)
			if f.Name == binary && f.Mode().Perm() != 0o755 {
				t.Errorf("%s in %s has the mode %v, want 0755", f.Name, file, f.Mode())
			}
		}
		if got, want := strings.Join(names, " "), "LICENSE README.md "+binary; got != want {
			t.Errorf("%s holds %s, want %s", file, got, want)
		}
	}
}

func TestSumsAreOfTheFiles(t *testing.T) {
	t.Parallel()
	out := pack(t, module(t), "1.2.3", "linux_amd64")

	sums, err := os.ReadFile(filepath.Join(out, "terraform-provider-roster_1.2.3_SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for scanner := bufio.NewScanner(bytes.NewReader(sums)); scanner.Scan(); lines++ {
		sum, name, ok := strings.Cut(scanner.Text(), "  ")
		if !ok {
			t.Fatalf("the line %q is not written as sha256sum does", scanner.Text())
		}
		data, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(data)); got != sum {
			t.Errorf("%s has the sum %s, listed is %s", name, got, sum)
		}
	}
	if lines != 2 {
		t.Errorf("%d files are listed, want the zip and the manifest", lines)
	}
}

func TestSameSourceGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	const sums = "terraform-provider-roster_1.2.3_SHA256SUMS"
	// Two checkouts in different directories.
	first, err := os.ReadFile(filepath.Join(pack(t, module(t), "1.2.3", "linux_amd64"), sums))
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(filepath.Join(pack(t, module(t), "1.2.3", "linux_amd64"), sums))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("two packings differ:\n%s\n%s", first, second)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	root := module(t)
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "thesis.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a version with a v":       {[]string{"-version", "v1.2.3", "-out", filepath.Join(t.TempDir(), "zips")}, `-version "v1.2.3" is no version`},
		"no version":               {[]string{"-out", filepath.Join(t.TempDir(), "zips")}, `-version "" is no version`},
		"a platform without arch":  {[]string{"-version", "1.2.3", "-platforms", "linux", "-out", filepath.Join(t.TempDir(), "zips")}, `"linux" is not written as OS_ARCH`},
		"somebody's own directory": {[]string{"-version", "1.2.3", "-out", foreign}, "thesis.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := run(t.Context(), append([]string{"-root", root}, c.args...))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want one with %q", err, c.want)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(foreign, "thesis.txt")); err != nil {
		t.Error("pack deleted a file that was not its own")
	}
}
