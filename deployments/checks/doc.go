// Package checks holds what is deployed against what would read it: the Helm chart against Kubernetes' own types, the compose file
// against compose's own loader. It is a module of its own, so that their dependencies stay out of the product.
package checks
