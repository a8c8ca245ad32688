# The image of Quittance: one static binary, no shell, not root. From the repository:
#   docker build --tag quittance:1.0.0 .
# The same sources give the same binary. For a build that can be repeated to the byte, name both images by their digests.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o /quittance ./cmd/quittance

# It brings the certificates and time zones that the binary needs.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /quittance /quittance
USER 65532:65532
EXPOSE 8080 8081 8082 8083 8084 8234
ENTRYPOINT ["/quittance"]
