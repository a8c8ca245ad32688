-- Refunds above a limit wait for a second person.

-- +goose Up
alter table companies add column refund_approval_above numeric(14,2) check (refund_approval_above >= 0); -- in francs; null: never
alter table refunds
    add column asked_by text not null default '', -- as the audit log names them; empty when nobody did, or from before
    drop constraint refunds_state_check,
    add constraint refunds_state_check check (state in
        ('awaiting_approval', 'requested', 'pending', 'unknown', 'authorized', 'captured', 'recorded', 'failed'));
