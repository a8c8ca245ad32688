-- What the workflow of a finding begins with, so that it can be begun again when somebody ended it. Its texts stand in the row already.

-- +goose Up
alter table exceptions add column finding jsonb;
