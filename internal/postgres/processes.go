package postgres

import "context"

// WorkerLives notes that a worker process lives, and returns how many do: those that said so within half a minute.
func (s *Store) WorkerLives(ctx context.Context, processID string) (living int, err error) {
	err = s.pool.QueryRow(ctx, `
		with gone as (
			delete from worker_processes where seen_at < now() - interval '1 day'
		), this as (
			insert into worker_processes (id, seen_at) values ($1, now()) on conflict (id) do update set seen_at = now()
		)
		select 1 + count(*) from worker_processes where id <> $1 and seen_at > now() - interval '30 seconds'`, processID).Scan(&living)
	return living, failed(err, "note that a worker lives")
}

// WorkerEnds notes that a worker process has ended.
func (s *Store) WorkerEnds(ctx context.Context, processID string) error {
	_, err := s.pool.Exec(ctx, `delete from worker_processes where id = $1`, processID)
	return failed(err, "note that a worker has ended")
}
