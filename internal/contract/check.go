package contract

import (
	"bytes"
	"reflect"
	"strings"
)

// Response holds the JSON of a good answer against all four judges. The route
// is found by the request's method and path; a path no SDK knows is a
// violation.
func Response(method, path string, body []byte) (Violations, error) {
	route, ok := RouteOf(method, strings.TrimSuffix(path, "/"))
	if !ok {
		return Violations{{Judge: "routes", Text: "no SDK calls " + method + " " + path}}, nil
	}
	return checkRoute(route, body)
}

// Event holds one event of a stream against all four judges. path is the
// path of the stream.
func Event(path string, data []byte) (Violations, error) {
	return Response("GET", path, data)
}

func checkRoute(route string, body []byte) (Violations, error) {
	types, _ := typesOf(route)
	d1, err := DescriptionV1()
	if err != nil {
		return nil, err
	}
	d2, err := DescriptionV2()
	if err != nil {
		return nil, err
	}
	var found Violations
	if !bytes.Equal(bytes.TrimSpace(body), []byte("null")) { // an empty poll; the schema says where it may be
		found = append(found, Walk(body, reflect.New(types.v1).Interface()).by("sdk v1")...)
		found = append(found, Walk(body, reflect.New(types.v2).Interface()).by("sdk v2")...)
	}
	found = append(found, d1.Schema(route, body).by("schema v1")...)
	found = append(found, d2.Schema(route, body).by("schema v2")...)
	return forgiven(found), nil
}
