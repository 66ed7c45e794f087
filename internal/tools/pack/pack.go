package main

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// project is the name that every file of a release begins with.
const project = "terraform-provider-roster"

var (
	versions  = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$`)
	platforms = regexp.MustCompile(`^[a-z0-9]+_[a-z0-9]+$`)
)

// packed is the time that every file in a zip carries: the first that the zip
// format can express, so that the time of packing is not in the bytes.
var packed = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// packer writes one release into a directory.
type packer struct {
	root, out, version string

	// files are the names of what has been written, in the order of SHA256SUMS.
	files []string
}

// begin checks the version and empties the directory.
func (p *packer) begin() error {
	if !versions.MatchString(p.version) {
		return fmt.Errorf("-version %q is no version such as 1.2.3 or 1.2.3-rc.1", p.version)
	}
	if err := refuseForeign(p.out); err != nil {
		return err
	}
	if err := os.RemoveAll(p.out); err != nil {
		return err
	}
	return os.MkdirAll(p.out, 0o755)
}

// refuseForeign keeps begin from emptying a directory that is not pack's own.
func refuseForeign(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), project+"_") {
			return fmt.Errorf("%s holds %s, which pack did not write: empty the directory or name another with -out", dir, e.Name())
		}
	}
	return nil
}

// pack builds the provider for a platform (OS_ARCH) and gives the zip's name.
func (p *packer) pack(ctx context.Context, platform string) (string, error) {
	if !platforms.MatchString(platform) {
		return "", fmt.Errorf("the platform %q is not written as OS_ARCH", platform)
	}
	system, arch, _ := strings.Cut(platform, "_")

	binary := project + "_v" + p.version
	if system == "windows" {
		binary += ".exe"
	}
	built, err := filepath.Abs(filepath.Join(p.out, project+"_build"))
	if err != nil {
		return "", err
	}
	defer os.Remove(built)

	build := exec.CommandContext(ctx, "go", "build",
		"-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+p.version, "-o", built, ".")
	build.Dir = p.root
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("build for %s: %w", platform, err)
	}

	name := fmt.Sprintf("%s_%s_%s.zip", project, p.version, platform)
	files := []entry{
		{source: filepath.Join(p.root, "LICENSE"), name: "LICENSE", mode: 0o644},
		{source: filepath.Join(p.root, "README.md"), name: "README.md", mode: 0o644},
		{source: built, name: binary, mode: 0o755},
	}
	if err := writeZip(filepath.Join(p.out, name), files); err != nil {
		return "", err
	}
	p.files = append(p.files, name)
	return name, nil
}

// finish writes the manifest and SHA256SUMS.
func (p *packer) finish() error {
	manifest, err := os.ReadFile(filepath.Join(p.root, "terraform-registry-manifest.json"))
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s_%s_manifest.json", project, p.version)
	if err := os.WriteFile(filepath.Join(p.out, name), manifest, 0o644); err != nil {
		return err
	}
	p.files = append(p.files, name)

	var sums strings.Builder
	for _, name := range p.files {
		sum, err := sha256Of(filepath.Join(p.out, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sum, name)
	}
	return os.WriteFile(filepath.Join(p.out, fmt.Sprintf("%s_%s_SHA256SUMS", project, p.version)), []byte(sums.String()), 0o644)
}

// entry is one file in a zip.
type entry struct {
	source, name string
	mode         os.FileMode
}

func writeZip(path string, files []entry) (err error) {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	archive := zip.NewWriter(out)
	for _, f := range files {
		if err := addFile(archive, f); err != nil {
			return fmt.Errorf("pack %s: %w", f.name, err)
		}
	}
	return archive.Close()
}

func addFile(archive *zip.Writer, f entry) error {
	in, err := os.Open(f.source)
	if err != nil {
		return err
	}
	defer in.Close()
	header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: packed}
	header.SetMode(f.mode)
	w, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, in)
	return err
}

func sha256Of(path string) ([]byte, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return nil, err
	}
	return sum.Sum(nil), nil
}
