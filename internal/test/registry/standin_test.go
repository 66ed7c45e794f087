package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// standin speaks the provider registry protocol over TLS, with one provider in
// one version, whose files are signed with a key that was made for the test.
type standin struct {
	*httptest.Server
	// certificate is a file with the server's certificate.
	certificate string
	key         *openpgp.Entity

	mu    sync.Mutex
	files map[string][]byte
}

const (
	version   = "0.1.0"
	sums      = "terraform-provider-roster_" + version + "_SHA256SUMS"
	signature = sums + ".sig"
)

func zipName() string {
	return fmt.Sprintf("terraform-provider-roster_%s_%s_%s.zip", version, runtime.GOOS, runtime.GOARCH)
}

// serve makes a registry of a folder of packed files.
func serve(t *testing.T, folder string) *standin {
	t.Helper()
	s := &standin{files: map[string][]byte{}}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if s.files[e.Name()], err = os.ReadFile(filepath.Join(folder, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	if s.key, err = openpgp.NewEntity("roster test", "made for one test", "test@example.com", nil); err != nil {
		t.Fatal(err)
	}
	s.sign(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/providers/tf-roster/roster/versions", s.versions)
	mux.HandleFunc("GET /v1/providers/tf-roster/roster/{version}/download/{os}/{arch}", s.download)
	mux.HandleFunc("GET /files/{name}", s.file)
	s.Server = httptest.NewTLSServer(mux)
	t.Cleanup(s.Close)
	s.certificate = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(s.certificate, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// sign signs the sums as they are now.
func (s *standin) sign(t *testing.T) {
	t.Helper()
	var out bytes.Buffer
	if err := openpgp.DetachSign(&out, s.key, bytes.NewReader(s.get(sums)), nil); err != nil {
		t.Fatal(err)
	}
	s.put(signature, out.Bytes())
}

func (s *standin) get(name string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[name]
}

func (s *standin) put(name string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = content
}

func (s *standin) versions(w http.ResponseWriter, _ *http.Request) {
	reply(w, map[string]any{"versions": []any{map[string]any{
		"version": version, "protocols": []string{"6.0"},
		"platforms": []any{map[string]string{"os": runtime.GOOS, "arch": runtime.GOARCH}},
	}}})
}

func (s *standin) download(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("version") != version || r.PathValue("os") != runtime.GOOS || r.PathValue("arch") != runtime.GOARCH {
		http.NotFound(w, r)
		return
	}
	var public bytes.Buffer
	armored, err := armor.Encode(&public, openpgp.PublicKeyType, nil)
	if err == nil {
		err = s.key.Serialize(armored)
	}
	if err == nil {
		err = armored.Close()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	sum := sha256.Sum256(s.get(zipName()))
	reply(w, map[string]any{
		"protocols": []string{"6.0"}, "os": runtime.GOOS, "arch": runtime.GOARCH, "filename": zipName(),
		"download_url": s.URL + "/files/" + zipName(), "shasum": hex.EncodeToString(sum[:]),
		"shasums_url": s.URL + "/files/" + sums, "shasums_signature_url": s.URL + "/files/" + signature,
		"signing_keys": map[string]any{"gpg_public_keys": []any{map[string]any{
			"key_id": fmt.Sprintf("%X", s.key.PrimaryKey.KeyId), "ascii_armor": public.String(), "trust_signature": "", "source": "", "source_url": nil,
		}}},
	})
}

func (s *standin) file(w http.ResponseWriter, r *http.Request) {
	content := s.get(r.PathValue("name"))
	if content == nil {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(content) // a client that has gone is its own affair
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // as above
}
