package reconcile

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// lockHolderDir, where set, turns this binary into a process that takes one
// file lock, says so and waits to be killed.
const lockHolderDir = "ROSTER_TEST_LOCK_HOLDER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(lockHolderDir); dir != "" {
		holdLockUntilKilled(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func holdLockUntilKilled(dir string) {
	release, err := FileLocker{Dir: dir}.Lock(context.Background(), "workspace")
	if err != nil {
		fmt.Println("failed:", err)
		return
	}
	defer release()
	fmt.Println("locked")
	var b [1]byte
	_, _ = os.Stdin.Read(b[:]) // until the parent closes the pipe or kills this process
}
