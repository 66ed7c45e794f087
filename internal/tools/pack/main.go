// Command pack builds the provider for several platforms and packs it as a
// registry serves it: one zip a platform, the manifest and SHA256SUMS, with the
// names that registries ask for. It needs Go alone, and the same source and
// version give the same bytes.
//
//	go run ./internal/tools/pack -version 1.2.3 -out bin/zips -platforms linux_amd64,darwin_arm64
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// mainPlatforms are those that most people and pipelines use.
const mainPlatforms = "linux_amd64,linux_arm64,darwin_arm64,windows_amd64"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("pack", flag.ContinueOnError)
	version := flags.String("version", "", "version of the provider, without a leading v")
	out := flags.String("out", "bin/zips", "directory to write into; emptied first")
	root := flags.String("root", ".", "root of the provider's module")
	platforms := flags.String("platforms", mainPlatforms, `platforms as OS_ARCH, separated by commas; "host" is this machine's`)
	if err := flags.Parse(args); err != nil {
		return err
	}
	p := packer{root: *root, out: *out, version: *version}
	if err := p.begin(); err != nil {
		return err
	}
	for platform := range strings.SplitSeq(*platforms, ",") {
		if platform == "host" {
			platform = runtime.GOOS + "_" + runtime.GOARCH
		}
		started := time.Now()
		zip, err := p.pack(ctx, platform)
		if err != nil {
			return err
		}
		fmt.Printf("%s (%s)\n", filepath.Join(*out, zip), time.Since(started).Round(time.Second))
	}
	return p.finish()
}
