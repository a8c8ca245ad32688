-- A company that an operator has suspended: its keys are refused, and what is in flight goes on.

-- +goose Up
alter table companies add column suspended boolean not null default false;
