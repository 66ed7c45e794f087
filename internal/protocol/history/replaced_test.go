package history

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReplacedIsRememberedBeyondARun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "own")
	one, other := &Replaced{dir: dir}, &Replaced{dir: dir}
	if one.Has("token") {
		t.Error("nobody has said so")
	}
	one.Add("token")
	if !other.Has("token") || other.Has("another") {
		t.Error("another process should know of this one instance")
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 || strings.Contains(files[0].Name(), "token") {
		t.Errorf("%v, %v: the token is nobody's business", files, err)
	}
	other.Remove("token")
	other.Remove("token")
	if one.Has("token") {
		t.Error("it was forgotten")
	}

	one.Add("old")
	long := time.Now().Add(-2 * replacedFor)
	if err := os.Chtimes(one.file("old"), long, long); err != nil {
		t.Fatal(err)
	}
	newTerraform(t, dir, 10).validates()
	if one.Has("old") {
		t.Error("an old note is still there")
	}
}

func TestReplacedWithoutADirectoryOfItsOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := &Replaced{dir: dir}
	r.Add("token")
	if r.Remove("token"); r.Has("token") {
		t.Error("there is nowhere to remember it")
	}
}
