package membership

// Severity tells what has to be mended from what has to be known.
type Severity int

// The severities of a [Finding].
const (
	SeverityWarning Severity = iota
	SeverityError
)

// Attribute names the part of a configuration that a finding is about. Each
// product has its own names for some of them.
type Attribute string

// The attributes that findings are about; AtNone where there is none.
const (
	AtNone      Attribute = ""
	AtWorkspace Attribute = "workspace"
	AtPrincipal Attribute = "principal"
	AtRole      Attribute = "role"
	AtEnabled   Attribute = "enabled"
	AtUsers     Attribute = "users"
	AtGroups    Attribute = "groups"
)

// Finding is something to tell the person who runs this.
type Finding struct {
	Severity Severity
	Summary  string
	Detail   string
	At       Attribute
	// Key is the entry of the attribute that the finding is about, where the
	// attribute is a map by the ids of principals; "" for the whole of it.
	Key string
}

// Failed tells whether any of the findings is an error.
func Failed(fs []Finding) bool {
	for _, f := range fs {
		if f.Severity == SeverityError {
			return true
		}
	}
	return false
}

// ErrorAt makes a finding that is an error.
func ErrorAt(at Attribute, summary, detail string) Finding {
	return Finding{Severity: SeverityError, Summary: summary, Detail: detail, At: at}
}

// WarningAt makes a finding that is a warning.
func WarningAt(at Attribute, summary, detail string) Finding {
	return Finding{Severity: SeverityWarning, Summary: summary, Detail: detail, At: at}
}
