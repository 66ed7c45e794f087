package blazemeter

// The shapes of the BlazeMeter API, written here from the vendor's pages.

type envelope struct {
	Limit      *int       `json:"limit,omitempty"`
	Skip       *int       `json:"skip,omitempty"`
	Total      any        `json:"total,omitempty"`
	Hidden     *int       `json:"hidden,omitempty"`
	APIVersion int        `json:"api_version"`
	Error      *errorBody `json:"error"`
	Result     any        `json:"result"`
	RequestID  string     `json:"request_id,omitempty"`
}

type errorBody struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type memberID struct {
	OID string `json:"$oid"`
}

// userRow is a user in a list, and what adding one answers.
type userRow struct {
	ID          int64     `json:"id"`
	Email       string    `json:"email"`
	DisplayName string    `json:"displayName"`
	FirstName   string    `json:"firstName"`
	LastName    string    `json:"lastName"`
	Login       int64     `json:"login"`
	Access      int64     `json:"access"`
	Roles       any       `json:"roles,omitempty"`
	Enabled     *bool     `json:"enabled,omitempty"`
	LastAccess  int64     `json:"lastAccess"`
	Type        string    `json:"type"`
	MemberID    *memberID `json:"memberId,omitempty"`
}

// updatedUser is what an update answers: fewer fields than a list's row.
type updatedUser struct {
	ID          int64  `json:"id"`
	Roles       any    `json:"roles,omitempty"`
	Enabled     bool   `json:"enabled"`
	LastAccess  int64  `json:"lastAccess"`
	Type        string `json:"type"`
	DisplayName string `json:"displayName"`
	Login       int64  `json:"login"`
	Email       string `json:"email"`
}

type workspaceRow struct {
	ID                      int64     `json:"id"`
	Name                    string    `json:"name"`
	UserID                  int64     `json:"userId"`
	Created                 int64     `json:"created"`
	Updated                 int64     `json:"updated"`
	Enabled                 bool      `json:"enabled"`
	DedicatedIpsEnabled     bool      `json:"dedicatedIpsEnabled"`
	PrivateLocationsEnabled bool      `json:"privateLocationsEnabled"`
	Owner                   owner     `json:"owner"`
	MembersCount            *int      `json:"membersCount,omitempty"`
	Allowance               allowance `json:"allowance"`
	AccountID               int64     `json:"accountId"`
	Locations               *[]any    `json:"locations,omitempty"`
}

type owner struct {
	ID          int64  `json:"id"`
	Email       string `json:"email"`
	DisplayName string `json:"displayName"`
}

type allowance struct {
	Amount int    `json:"amount"`
	Type   string `json:"type"`
}

type accountRow struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

type self struct {
	ID          int64    `json:"id"`
	Email       string   `json:"email"`
	DisplayName string   `json:"displayName"`
	Access      int64    `json:"access"`
	Login       int64    `json:"login"`
	FirstName   string   `json:"firstName"`
	LastName    string   `json:"lastName"`
	Timezone    int      `json:"timezone"`
	Enabled     bool     `json:"enabled"`
	Roles       []string `json:"roles"`
}

// Times that never change, so that listings compare equal; clients must not keep them anyway.
const (
	lastLogin  = 1570322423
	lastAccess = 1573503678
)
