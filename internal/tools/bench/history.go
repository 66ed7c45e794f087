package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// record is one line of the history: a run, with what it takes to compare it with
// another one.
type record struct {
	Time      string   `json:"time"`
	Commit    string   `json:"commit"`
	Machine   hardware `json:"machine"`
	Terraform string   `json:"terraform"`
	Latency   string   `json:"latency"`
	Rounds    int      `json:"rounds"`
	Lines     []line   `json:"lines"`
	Goals     []goal   `json:"goals"`
}

// hardware is a machine without its name.
type hardware struct {
	System string `json:"system"`
	Cores  int    `json:"cores"`
	// CPU is the model; empty where the system does not tell.
	CPU string `json:"cpu,omitempty"`
}

// line is what one build needed for one task. Times are in milliseconds, memory is
// in bytes.
type line struct {
	Build  contestant `json:"build"`
	Task   string     `json:"task"`
	Reads  int        `json:"reads"`
	Writes int        `json:"writes"`
	Time   int64      `json:"time_ms"`
	CPU    int64      `json:"cpu_ms"`
	Memory int64      `json:"memory"`
}

// remember adds a run to the history.
func remember(ctx context.Context, file string, r *report, terraform string) error {
	commit, err := commit(ctx)
	if err != nil {
		return err
	}
	rec := record{
		Time: time.Now().UTC().Format(time.RFC3339), Commit: commit, Machine: thisMachine(), Terraform: terraform,
		Latency: r.settings.latency.String(), Rounds: r.settings.rounds, Goals: r.goals(),
	}
	for _, x := range r.results {
		for _, who := range append(r.settings.contestants(), floor) {
			if !x.measured(who) {
				continue
			}
			rec.Lines = append(rec.Lines, line{
				Build: who, Task: x.name(), Reads: median(x.reads[who]), Writes: median(x.writes[who]),
				Time: x.time(who).Milliseconds(), CPU: median(x.cpu[who]).Milliseconds(), Memory: median(x.memory[who]),
			})
		}
	}
	text, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	return errors.Join(err, f.Close())
}

// commit names what was measured; "-dirty" says that it was changed since.
func commit(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12")
	cmd.Dir = root()
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("ask git for the commit: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

func thisMachine() hardware {
	h := hardware{System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU()}
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return h // only Linux has it
	}
	for l := range strings.Lines(string(text)) {
		if key, value, found := strings.Cut(l, ":"); found && strings.TrimSpace(key) == "model name" {
			h.CPU = strings.TrimSpace(value)
			break
		}
	}
	return h
}
