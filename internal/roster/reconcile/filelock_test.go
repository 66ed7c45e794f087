package reconcile

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestFileLockerExcludesWithinOneProcess(t *testing.T) {
	f := FileLocker{Dir: filepath.Join(t.TempDir(), "locks")}
	release, err := f.Lock(t.Context(), "workspace")
	if err != nil {
		t.Fatal(err)
	}
	other, err := f.Lock(t.Context(), "another workspace")
	if err != nil {
		t.Fatal(err)
	}
	other()
	ctx, cancel := context.WithTimeout(t.Context(), 3*lockPoll)
	defer cancel()
	if _, err := f.Lock(ctx, "workspace"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	release()
	again, err := f.Lock(t.Context(), "workspace")
	if err != nil {
		t.Fatal(err)
	}
	again()
	if info, err := os.Stat(f.Dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("the directory is %v, %v", info.Mode(), err)
	}
}

func TestFileLockerTellsWhyItCannotLock(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (FileLocker{Dir: blocked}).Lock(t.Context(), "workspace"); err == nil {
		t.Fatal("locked in a directory that is a file")
	}
}

// However a process dies, its lock dies with it.
func TestFileLockDiesWithItsProcess(t *testing.T) {
	dir := t.TempDir()
	holder := exec.CommandContext(t.Context(), os.Args[0])
	holder.Env = append(os.Environ(), lockHolderDir+"="+dir)
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	f := FileLocker{Dir: dir}
	ctx, cancel := context.WithTimeout(t.Context(), 3*lockPoll)
	defer cancel()
	if _, err := f.Lock(ctx, "workspace"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("another process holds it, and the lock gave %v", err)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	release, err := f.Lock(ctx, "workspace")
	if err != nil {
		t.Fatalf("the dead process still holds the lock: %v", err)
	}
	release()
}
