package engine

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"time"
)

// deliver has the call done and its answer sent, with the faults of its plan.
func (s *Server) deliver(ctx context.Context, w http.ResponseWriter, c *Call, do func() Answer) {
	if !s.wait(ctx, c.plan.before) {
		s.leave(c, 0)
		drop(w, false)
		return
	}
	if stop := c.plan.stop; stop != nil && !stop.doesTheWork() {
		s.spoil(ctx, w, c, stop)
		return
	}
	a := do()
	s.markStatus(c, a.Status)
	lost := !s.wait(ctx, c.plan.late)
	if stop := c.plan.stop; stop != nil && !lost {
		switch {
		case stop.Kind == FaultBlank:
			a.Body = nil
		case stop.Kind == FaultCut && len(a.Body) > 1:
			s.markLost(c)
			s.leave(c, a.Status)
			writeHead(w, a, len(a.Body))
			_, _ = w.Write(a.Body[:len(a.Body)/2]) // the connection is closed next
			flush(w)
			drop(w, false)
			return
		default:
			lost = true
		}
	}
	if lost {
		s.markLost(c)
		s.leave(c, 0)
		drop(w, false)
		return
	}
	if c.plan.drip > 0 && len(a.Body) > 0 {
		s.dripBody(ctx, w, c, a)
		return
	}
	s.leave(c, a.Status)
	send(w, a)
}

// dripBody sends sixteen pieces at the most, so that a large listing is slow and not endless.
func (s *Server) dripBody(ctx context.Context, w http.ResponseWriter, c *Call, a Answer) {
	writeHead(w, a, len(a.Body))
	size := (len(a.Body) + 15) / 16
	for rest := a.Body; len(rest) > 0; {
		n := min(size, len(rest))
		if n == len(rest) {
			s.leave(c, a.Status)
		}
		if _, err := w.Write(rest[:n]); err != nil {
			return
		}
		flush(w)
		rest = rest[n:]
		if len(rest) > 0 && !s.wait(ctx, c.plan.drip) {
			return // too little for the announced length: the connection is closed
		}
	}
}

// doesTheWork tells the faults that come after the work from those in its place.
func (r *Fault) doesTheWork() bool {
	return r.Kind == FaultLost || r.Kind == FaultCut || r.Kind == FaultBlank
}

// spoil answers in place of the service; nothing is done.
func (s *Server) spoil(ctx context.Context, w http.ResponseWriter, c *Call, f *Fault) {
	a := Answer{Status: f.Status, Header: http.Header{}}
	switch f.Kind {
	case FaultStatus:
		a = s.faultAnswer(c, f.Status)
	case FaultErrorIn200:
		a = s.faultAnswer(c, http.StatusInternalServerError)
		a.Status = http.StatusOK
	case FaultHTML:
		a = page(cmp.Or(f.Status, http.StatusBadGateway))
	case FaultBody:
		a.Status, a.Body = cmp.Or(f.Status, http.StatusNotFound), []byte(f.Body)
		a.Header.Set("Content-Type", cmp.Or(f.ContentType, "text/plain; charset=utf-8"))
	case FaultEmpty:
		a.Status = cmp.Or(f.Status, http.StatusServiceUnavailable)
	case FaultRedirect:
		a.Status = http.StatusTemporaryRedirect
		a.Header.Set("Location", f.Location)
	case FaultReset:
		s.leave(c, 0)
		drop(w, true)
		return
	case FaultHang:
		s.wait(ctx, 1<<62)
		s.leave(c, 0)
		drop(w, false)
		return
	case FaultEndless:
		s.endless(ctx, w, c)
		return
	}
	if f.RetryAfter != "" {
		a.Header.Set("Retry-After", f.RetryAfter)
	}
	s.leave(c, a.Status)
	send(w, a)
}

// faultAnswer is a failure in the product's own form.
func (s *Server) faultAnswer(c *Call, status int) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.site(c.product.Name).state.Failure(status)
}

// endless starts like a listing and goes on until the client has had enough.
func (s *Server) endless(ctx context.Context, w http.ResponseWriter, c *Call) {
	s.leave(c, http.StatusOK)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if _, err := io.WriteString(w, c.product.EndlessStart); err != nil {
		return
	}
	block := bytes.Repeat([]byte(c.product.EndlessRow), 1000)
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

func send(w http.ResponseWriter, a Answer) {
	writeHead(w, a, len(a.Body))
	_, _ = w.Write(a.Body) // a client that has gone is its own affair
}

func writeHead(w http.ResponseWriter, a Answer, length int) {
	maps.Copy(w.Header(), a.Header)
	w.Header().Set("Content-Length", fmt.Sprint(length))
	w.WriteHeader(a.Status)
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
		panic(http.ErrAbortHandler) // the way in which net/http lets a handler end a connection
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
