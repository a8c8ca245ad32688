package share

import (
	"context"
	"sync"
	"time"
)

// Time shares the time of a process: while others use it too, what one user's things take is, in the long run, a part of it. Who is alone
// has all of it. Its fields are set before its first use.
type Time struct {
	Part  float64       // of one user while there are others: seconds a second
	Ahead time.Duration // that one user may have taken beyond it

	mu              sync.Mutex
	users           map[string]*timeUser
	last            string // who used it last
	lastAt, otherAt time.Time
}

// timeUser is what one user has taken.
type timeUser struct {
	ahead time.Duration // of its part
	at    time.Time     // when that was
	usual time.Duration // that one thing takes
}

// stillThere is for how long after its last thing a user counts as one of the others.
const stillThere = time.Second

// Take waits, for at most patience, until a user is not too far ahead of its part. It returns what ends the thing, or false when it had
// to wait for too long.
func (t *Time) Take(ctx context.Context, user string, patience time.Duration) (end func(), ok bool) {
	given := time.Now().Add(patience)
	for {
		began := time.Now()
		charged, wait := t.begin(user, began)
		if wait == 0 {
			return func() { t.end(user, charged, time.Since(began)) }, true
		}
		if began.Add(wait).After(given) {
			return nil, false
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, false
		}
	}
}

// Use notes that a user uses the process by something for which it doesn't wait.
func (t *Time) Use(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.uses(user, time.Now())
}

func (t *Time) uses(user string, now time.Time) {
	if user != t.last {
		t.last, t.otherAt = user, t.lastAt
	}
	t.lastAt = now
}

// begin charges a user what one of its things takes usually, or says how long it has to wait first.
func (t *Time) begin(user string, now time.Time) (charged, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.uses(user, now)
	u := t.user(user, now)
	if over := u.ahead - t.Ahead; over > 0 && now.Sub(t.otherAt) < stillThere {
		return 0, min(time.Duration(float64(over)/t.Part)+time.Millisecond, stillThere) // by then the others may be gone
	}
	u.ahead += u.usual
	return u.usual, 0
}

// user is what a user has taken by now. Nobody is further ahead than by twice Ahead, however long it was alone.
func (t *Time) user(user string, now time.Time) *timeUser {
	if t.users == nil {
		t.users = map[string]*timeUser{}
	}
	u := t.users[user]
	if u == nil {
		u = &timeUser{at: now, usual: 10 * time.Millisecond}
		t.users[user] = u
	}
	u.ahead = min(max(0, u.ahead-time.Duration(float64(now.Sub(u.at))*t.Part)), 2*t.Ahead)
	u.at = now
	return u
}

// end charges what a thing took.
func (t *Time) end(user string, charged, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.user(user, time.Now())
	u.ahead += took - charged
	u.usual += (took - u.usual) / 8
}
