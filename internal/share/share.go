// Package share has those who use something together take turns, so that one who wants much of it leaves some to the others.
package share

import (
	"context"
	"sync"
	"time"
)

// Share lets each user do so many things of a kind at once, and all users together so many. Its fields are set before its first use.
type Share struct {
	Each     int // at once, of one user
	Together int // at once, of all; no bound when 0
	Waiting  int // how many things of one user may wait for their turn; the next one has none

	mu            sync.Mutex
	held, waiting map[string]int // by user
	all           int
	freed         chan struct{} // is closed when one ends
}

// Take waits for a turn, for at most patience. It returns what ends the turn, or false when there was none.
func (s *Share) Take(ctx context.Context, user string, patience time.Duration) (end func(), ok bool) {
	end = func() { s.end(user) }
	freed, ok := s.begin(user)
	if ok || freed == nil {
		return end, ok
	}
	defer s.waited(user)
	given := time.NewTimer(patience)
	defer given.Stop()
	for {
		select {
		case <-freed:
		case <-given.C:
			return nil, false
		case <-ctx.Done():
			return nil, false
		}
		if freed, ok = s.try(user); ok {
			return end, true
		}
	}
}

// SetEach changes how many things each user may do at once. What is being done goes on.
func (s *Share) SetEach(each int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Each = each; s.freed != nil {
		close(s.freed)
		s.freed = make(chan struct{})
	}
}

// Full returns the users who have no turn left, in no order.
func (s *Share) Full() (users []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for user, held := range s.held {
		if held >= s.Each {
			users = append(users, user)
		}
	}
	return users
}

// begin returns what is closed when it is time to try again, unless there is a turn; nil when too many wait already.
func (s *Share) begin(user string) (freed <-chan struct{}, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held, s.waiting, s.freed = map[string]int{}, map[string]int{}, make(chan struct{})
	}
	if s.taken(user) {
		return nil, true
	}
	if s.waiting[user] >= s.Waiting {
		return nil, false
	}
	s.waiting[user]++
	return s.freed, false
}

func (s *Share) try(user string) (freed <-chan struct{}, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.freed, s.taken(user)
}

// taken takes a turn if there is one.
func (s *Share) taken(user string) bool {
	if s.held[user] >= s.Each || s.Together > 0 && s.all >= s.Together {
		return false
	}
	s.held[user]++
	s.all++
	return true
}

func (s *Share) end(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	less(s.held, user)
	close(s.freed)
	s.freed = make(chan struct{})
}

func (s *Share) waited(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	less(s.waiting, user)
}

// less counts one less, and forgets who has none.
func less(counts map[string]int, user string) {
	if counts[user]--; counts[user] == 0 {
		delete(counts, user)
	}
}
