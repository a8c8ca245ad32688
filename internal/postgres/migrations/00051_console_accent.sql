-- +goose Up
alter table console_sessions add column accent text not null default '';
