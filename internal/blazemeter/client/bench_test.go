package client

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// manyUsers answers the listing of a workspace with so many enabled users, page
// by page, without a network.
func manyUsers(b testing.TB, n, pageMax int) *Client {
	b.Helper()
	pages := map[string]string{}
	row := func(i int) string {
		return fmt.Sprintf(`{"id":%d,"email":"user%d@example.com","displayName":"User Number %d","firstName":"User","lastName":"Number %d","login":1562944843,"access":1573506574,"lastAccess":1573506574,"type":"workspace","roles":["tester"],"enabled":true}`, i+1, i, i, i)
	}
	page := func(skip int) string {
		var rows []string
		for i := skip; i < min(skip+pageMax, n); i++ {
			rows = append(rows, row(i))
		}
		return fmt.Sprintf(`{"limit":50,"skip":%d,"total":%d,"hidden":0,"api_version":4,"error":null,"result":[%s],"request_id":"5dc9"}`, skip, n, strings.Join(rows, ","))
	}
	for skip := 0; skip < n; skip += max(pageMax-1, 1) {
		pages[strconv.Itoa(skip)] = page(skip)
	}
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		body := `{"limit":50,"skip":0,"total":0,"hidden":0,"error":null,"result":[]}`
		if q := r.URL.Query(); q.Get("enabled") == "true" {
			body = pages[q.Get("skip")]
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})}
	c, err := New(Options{Endpoint: DefaultEndpoint, HTTP: client})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// BenchmarkReadWorkspace reads 10 000 users, at 50 a page and in one answer.
func BenchmarkReadWorkspace(b *testing.B) {
	const n = 10_000
	for _, pageMax := range []int{pageLimit, n} {
		b.Run(fmt.Sprintf("%d a page", pageMax), func(b *testing.B) {
			c := manyUsers(b, n, pageMax)
			b.ReportAllocs()
			for b.Loop() {
				w, err := c.ReadWorkspace(b.Context(), "7")
				if err != nil {
					b.Fatal(err)
				}
				if len(w.Members) != n {
					b.Fatalf("%d members", len(w.Members))
				}
			}
		})
	}
}

// TestReadingIsCheap bounds what reading 10 000 users allocates in all, of which
// the members themselves are about 3 MiB.
func TestReadingIsCheap(t *testing.T) {
	const n, mostBytes = 10_000, 32 << 20
	c := manyUsers(t, n, pageLimit)
	result := testing.Benchmark(func(b *testing.B) {
		b.Helper()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.ReadWorkspace(b.Context(), "7"); err != nil {
				b.Fatal(err)
			}
		}
	})
	if got := result.AllocedBytesPerOp(); got > mostBytes || result.N == 0 {
		t.Errorf("reading %d users allocates %d bytes (%d times), want at most %d", n, got, result.N, mostBytes)
	}
}
