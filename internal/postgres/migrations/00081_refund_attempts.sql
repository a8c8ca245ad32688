-- Which attempt is about to send a refund, noted before it is sent: another one that finds the note doesn't send it again.

-- +goose Up
alter table refunds add column attempt text not null default '';
