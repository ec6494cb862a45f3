// Package contract checks the answers of the server against what its official
// clients were built from. It is used by tests only.
//
// Two judges look at every answer, and they know nothing of each other:
//
//   - [Walk] goes through the JSON side by side with a type of an official Go
//     SDK: a required field that is missing, a field the type does not know, a
//     value of another kind, a constant with another text and a union variant
//     the SDK cannot name are violations. The SDK's own decoder forgives all
//     of these.
//   - [Schema] validates the JSON against the OpenAPI 3.1 description that
//     ships inside the SDK's module. It alone knows which required fields may
//     be null and which texts an enum allows. The description is read from the
//     module cache and never copied.
//
// Both exist twice, for SDK v1 (API version 2023-06-01) and v2 (2026-10-21):
// the server answers both with one form, so every answer must satisfy all four.
// [Response] and [Event] pick type and schema by method and path, [Transport]
// does that for every answer an HTTP client receives.
//
// The package imports the SDKs and nothing of the program.
package contract
