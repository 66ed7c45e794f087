package doctor

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// journal is the folder in which a run with changes notes what a user had, until
// that is restored: a run that is killed cannot say it itself. It holds ids and no
// secrets.
type journal struct {
	folder string
	lock   *flock.Flock
}

// entry is what a run notes before it changes a user.
type entry struct {
	Product   string   `json:"product"`
	Endpoint  string   `json:"endpoint"`
	Workspace string   `json:"workspace"`
	User      string   `json:"user"`
	Prior     Standing `json:"prior"`
	// Calls are the commands that restore the user.
	Calls []string `json:"calls"`
}

// openJournal gives the journal in a folder; "" is the user's own.
func openJournal(folder string) (*journal, error) {
	if folder == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			return nil, fmt.Errorf("there is no folder to note down what has to be restored: %w", err)
		}
		folder = filepath.Join(base, "roster-doctor")
	}
	return &journal{folder: folder, lock: flock.New(filepath.Join(folder, "lock"))}, nil
}

// begin keeps other runs with changes away until end.
func (j *journal) begin() error {
	if err := os.MkdirAll(j.folder, 0o700); err != nil {
		return fmt.Errorf("what has to be restored cannot be noted down: %w", err)
	}
	locked, err := j.lock.TryLock()
	switch {
	case err != nil:
		return fmt.Errorf("what has to be restored cannot be noted down: %w", err)
	case !locked:
		return errors.New("another roster-doctor -write of this user is running on this machine: wait until it has ended")
	default:
		return nil
	}
}

func (j *journal) end() { _ = j.lock.Unlock() }

// file names the note about one user of one workspace.
func (j *journal) file(e entry) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{e.Product, e.Endpoint, e.Workspace, e.User}, "\x00")))
	return filepath.Join(j.folder, e.Product+"-"+hex.EncodeToString(sum[:8])+".json")
}

// note writes the entry down, whole or not at all.
func (j *journal) note(e entry) error {
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	name := j.file(e)
	if err = os.WriteFile(name+".new", text, 0o600); err == nil {
		err = os.Rename(name+".new", name)
	}
	if err != nil {
		return fmt.Errorf("what has to be restored cannot be noted down: %w", err)
	}
	return nil
}

// forget removes the entry.
func (j *journal) forget(e entry) error { return os.Remove(j.file(e)) }

// left gives what earlier runs on the workspace have not restored.
func (j *journal) left(product, endpoint, workspace string) []entry {
	names, err := filepath.Glob(filepath.Join(j.folder, product+"-*.json"))
	if err != nil {
		return nil
	}
	var found []entry
	for _, name := range names {
		var e entry
		text, err := os.ReadFile(name) //nolint:gosec // the folder is the user's own
		if err != nil || json.Unmarshal(text, &e) != nil {
			continue
		}
		if e.Product == product && e.Endpoint == endpoint && strings.EqualFold(e.Workspace, workspace) {
			found = append(found, e)
		}
	}
	return found
}
