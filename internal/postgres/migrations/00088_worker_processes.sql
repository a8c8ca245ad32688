-- Which worker processes live: they share what may be asked of a terminal. It belongs to no company.

-- +goose Up
create table worker_processes (
    id      text        not null primary key,
    seen_at timestamptz not null
);
