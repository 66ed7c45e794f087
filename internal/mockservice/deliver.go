package mockservice

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"time"
)

const htmlPage = `<!DOCTYPE html>
<html><head><title>%[1]d %[2]s</title></head>
<body><center><h1>%[1]d %[2]s</h1></center><hr><center>gateway</center></body></html>
`

// deliver has the call done and its answer sent, with the faults of its plan.
// It gives the status that was sent, 0 for none.
func (s *Server) deliver(ctx context.Context, w http.ResponseWriter, c *call, do func() answer) int {
	if !s.wait(ctx, c.plan.before) {
		drop(w, false)
		return 0
	}
	if stop := c.plan.stop; stop != nil && !stop.doesTheWork() {
		return s.spoil(ctx, w, c, stop)
	}
	a := do()
	s.markStatus(c, a.status)
	if !s.wait(ctx, c.plan.late) {
		s.markLost(c)
		drop(w, false)
		return 0
	}
	if stop := c.plan.stop; stop != nil {
		switch {
		case stop.Kind == FaultBlank:
			a.body = nil
		case stop.Kind == FaultCut && len(a.body) > 1:
			s.markLost(c)
			writeHead(w, a, len(a.body))
			_, _ = w.Write(a.body[:len(a.body)/2]) // the connection is closed next
			flush(w)
			drop(w, false)
			return a.status
		default:
			s.markLost(c)
			drop(w, false)
			return 0
		}
	}
	writeHead(w, a, len(a.body))
	if c.plan.drip <= 0 {
		_, _ = w.Write(a.body) // a client that has gone is its own affair
		return a.status
	}
	// Sixteen pieces at the most, so that a large listing is slow and not endless.
	size := max(1, (len(a.body)+15)/16)
	for rest := a.body; len(rest) > 0; {
		n := min(size, len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			return a.status
		}
		flush(w)
		rest = rest[n:]
		if !s.wait(ctx, c.plan.drip) {
			return a.status
		}
	}
	return a.status
}

// doesTheWork tells the faults that come after the work from those in its place.
func (r *Fault) doesTheWork() bool {
	return r.Kind == FaultLost || r.Kind == FaultCut || r.Kind == FaultBlank
}

// spoil answers in place of the service; nothing is done.
func (s *Server) spoil(ctx context.Context, w http.ResponseWriter, c *call, f *Fault) int {
	status := f.Status
	pick := func(or int) int {
		if status == 0 {
			status = or
		}
		return status
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	switch f.Kind {
	case FaultStatus:
		a := s.faultAnswer(c, status)
		writeHead(w, a, len(a.body))
		_, _ = w.Write(a.body)
	case FaultReset:
		drop(w, true)
		return 0
	case FaultHang:
		s.wait(ctx, 1<<62)
		drop(w, false)
		return 0
	case FaultHTML:
		body := fmt.Appendf(nil, htmlPage, pick(http.StatusBadGateway), http.StatusText(status))
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = w.Write(body)
	case FaultEmpty:
		w.WriteHeader(pick(http.StatusServiceUnavailable))
	case FaultRedirect:
		status = http.StatusTemporaryRedirect
		w.Header().Set("Location", f.Location)
		w.WriteHeader(status)
	case FaultErrorIn200:
		status = http.StatusOK
		a := s.faultAnswer(c, http.StatusInternalServerError)
		a.status = status
		writeHead(w, a, len(a.body))
		_, _ = w.Write(a.body)
	case FaultEndless:
		status = http.StatusOK
		s.endless(ctx, w, c)
	}
	return status
}

// faultAnswer is a failure in the product's own wrapper.
func (s *Server) faultAnswer(c *call, status int) answer {
	text := http.StatusText(status)
	if c.route.product == ProductBlink {
		return blinkError(status, text, "the service cannot answer now", "mock_fault")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return bzmError(status, text+": the service cannot answer now", s.nextRequestID())
}

// endless starts like a listing and goes on until the client has had enough.
func (s *Server) endless(ctx context.Context, w http.ResponseWriter, c *call) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	start, piece := `{"id":"endless","display_name":"Endless","entities":[`, `{"id":"u-endless","type":"user","workspace_role":"viewer"},`
	if c.route.product == ProductBlazeMeter {
		start, piece = `{"api_version":4,"error":null,"limit":50,"skip":0,"total":1,"hidden":0,"result":[`, `{"id":1,"roles":["viewer"],"enabled":true},`
	}
	if _, err := w.Write([]byte(start)); err != nil {
		return
	}
	block := bytes.Repeat([]byte(piece), 1000)
	for ctx.Err() == nil {
		select {
		case <-s.stopped:
			drop(w, false)
			return
		default:
		}
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// wait sleeps, and gives false where the client went away or the server stops.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	case <-s.stopped:
		return false
	}
}

func writeHead(w http.ResponseWriter, a answer, length int) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Length", fmt.Sprint(length))
	w.WriteHeader(a.status)
}

func flush(w http.ResponseWriter) {
	// Not every writer can flush; then the pieces arrive together.
	_ = http.NewResponseController(w).Flush()
}

// drop closes the connection without (the rest of) an answer; hard resets it
// where it is a TCP connection. It may not return.
func drop(w http.ResponseWriter, hard bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2, or no connection at all
		panic(http.ErrAbortHandler) //nolint:forbidigo // the way in which net/http lets a handler end a connection
	}
	if tcp, ok := conn.(*net.TCPConn); ok && hard {
		_ = tcp.SetLinger(0) // then Close sends a reset
	}
	_ = conn.Close()
}

// encode is for answers of the control endpoints.
func encode(w http.ResponseWriter, status int, v any) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil { // only for values that JSON cannot hold, of which there are none here
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // a client that has gone is its own affair
}
