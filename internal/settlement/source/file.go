package source

import "time"

// State is what became of a file.
type State string

// The states of a file.
const (
	Imported State = "imported"  // it is a settlement now
	Known    State = "known"     // its content was imported before
	SetAside State = "set_aside" // it could not be imported; it is not tried again until a person says so
	Waiting  State = "waiting"   // a person said so
)

// Listed is a file in the folder of a server.
type Listed struct {
	Name       string    `json:"name"`
	Size       int64     `json:"size"` // in bytes
	ModifiedAt time.Time `json:"modified_at"`
}

// Same reports whether it is the same file, and nothing was written to it.
func (l Listed) Same(other Listed) bool {
	return l.Name == other.Name && l.Size == other.Size && l.ModifiedAt.Equal(other.ModifiedAt)
}

// File is a file that was fetched, or is to be fetched once more.
type File struct {
	ID        string
	CompanyID string
	Listed
	State        State
	Tries        int    // so far
	SettlementID string // when it was imported or known
	Reason       string // why it was set aside, as a sentence
	At           time.Time
}

// New returns those of the listed files that are to be fetched, oldest first, with what is known of them: all that no known file is, and
// those that wait. It also returns the known files that wait but are not there any more.
func New(listed []Listed, known []File) (files, gone []File) {
	for _, l := range listed {
		standing := File{Listed: l, State: Waiting}
		for _, k := range known {
			if k.Same(l) {
				standing = k
			}
		}
		if standing.State == Waiting {
			files = append(files, standing)
		}
	}
	for _, k := range known {
		there := false
		for _, l := range listed {
			there = there || k.Same(l)
		}
		if k.State == Waiting && !there {
			gone = append(gone, k)
		}
	}
	return files, gone
}
