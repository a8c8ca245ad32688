package contract

// GatePassed is what a Gate returns: which build of the worker took its last step.
type GatePassed struct {
	BuildID string `json:"build_id"`
}
