-- Answers show the first lines of a payout, without reading all of them.

-- +goose Up
alter table payouts add column first_lines jsonb generated always as (jsonb_path_query_array(lines, '$[0 to 99]')) stored;
