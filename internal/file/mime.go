package file

import (
	"mime"
	"net/http"
	"path"
	"strings"
)

// SniffLen is how many of a file's first bytes Type looks at.
const SniffLen = 512

// OctetStream is the type of bytes nothing is known about.
const OctetStream = "application/octet-stream"

// Type is the MIME type to store for a file: what the client declared, without
// parameters; or, if it declared nothing or "application/octet-stream", what
// the extension says; or what the first bytes (head) look like. It never
// depends on the machine.
func Type(declared, filename string, head []byte) string {
	if t, _, err := mime.ParseMediaType(declared); err == nil && t != OctetStream && validType(t) {
		return t
	}
	if t, ok := byExtension[strings.ToLower(path.Ext(filename))]; ok {
		return t
	}
	t, _, err := mime.ParseMediaType(http.DetectContentType(head))
	if err != nil || len(head) == 0 {
		return OctetStream
	}
	return t
}

func validType(t string) bool {
	kind, sub, ok := strings.Cut(t, "/")
	return ok && kind != "" && sub != "" && len(t) <= 255
}

// Extension is the usual extension of a MIME type with its dot, or "".
func Extension(mimeType string) string { return usual[mimeType] }

// types are the extensions of each MIME type, the usual one first.
var types = map[string]string{
	"application/epub+zip":                            ".epub",
	"application/gzip":                                ".gz .tgz",
	"application/json":                                ".json",
	"application/msword":                              ".doc",
	"application/pdf":                                 ".pdf",
	"application/rtf":                                 ".rtf",
	"application/sql":                                 ".sql",
	"application/toml":                                ".toml",
	"application/vnd.ms-excel":                        ".xls",
	"application/vnd.ms-powerpoint":                   ".ppt",
	"application/vnd.oasis.opendocument.presentation": ".odp",
	"application/vnd.oasis.opendocument.spreadsheet":  ".ods",
	"application/vnd.oasis.opendocument.text":         ".odt",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         ".xlsx",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   ".docx",
	"application/vnd.apache.parquet":                                            ".parquet",
	"application/vnd.sqlite3":                                                   ".sqlite .db",
	"application/wasm":                                                          ".wasm",
	"application/x-7z-compressed":                                               ".7z",
	"application/x-bzip2":                                                       ".bz2",
	"application/x-ipynb+json":                                                  ".ipynb",
	"application/x-ndjson":                                                      ".jsonl .ndjson",
	"application/x-sh":                                                          ".sh",
	"application/x-tar":                                                         ".tar",
	"application/x-xz":                                                          ".xz",
	"application/xml":                                                           ".xml",
	"application/yaml":                                                          ".yaml .yml",
	"application/zip":                                                           ".zip",
	"application/zstd":                                                          ".zst",
	"audio/mpeg":                                                                ".mp3",
	"audio/ogg":                                                                 ".ogg",
	"audio/wav":                                                                 ".wav",
	"font/ttf":                                                                  ".ttf",
	"font/woff2":                                                                ".woff2",
	"image/bmp":                                                                 ".bmp",
	"image/gif":                                                                 ".gif",
	"image/jpeg":                                                                ".jpg .jpeg",
	"image/png":                                                                 ".png",
	"image/svg+xml":                                                             ".svg",
	"image/tiff":                                                                ".tiff .tif",
	"image/webp":                                                                ".webp",
	"text/calendar":                                                             ".ics",
	"text/css":                                                                  ".css",
	"text/csv":                                                                  ".csv",
	"text/html":                                                                 ".html .htm",
	"text/javascript":                                                           ".js .mjs",
	"text/markdown":                                                             ".md .markdown",
	"text/plain":                                                                ".txt .log .text",
	"text/tab-separated-values":                                                 ".tsv",
	"text/x-c":                                                                  ".c .h .cc .cpp .hpp",
	"text/x-go":                                                                 ".go",
	"text/x-java":                                                               ".java",
	"text/x-python":                                                             ".py",
	"text/x-rust":                                                               ".rs",
	"text/x-typescript":                                                         ".ts .tsx",
	"video/mp4":                                                                 ".mp4",
	"video/quicktime":                                                           ".mov",
	"video/webm":                                                                ".webm",
}

var usual, byExtension = index()

func index() (usual, byExtension map[string]string) {
	usual, byExtension = map[string]string{}, map[string]string{}
	for t, exts := range types {
		list := strings.Fields(exts)
		usual[t] = list[0]
		for _, ext := range list {
			byExtension[ext] = t
		}
	}
	return usual, byExtension
}
