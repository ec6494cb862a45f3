package wire

// Page is one page of a list.
type Page[T any] struct {
	Data     []T     `json:"data"`
	NextPage *string `json:"next_page"`
}

// BidirectionalPage is a page of the one list (sessions) that can be walked
// back.
type BidirectionalPage[T any] struct {
	Data     []T     `json:"data"`
	NextPage *string `json:"next_page"`
	PrevPage *string `json:"prev_page"`
}

// Deleted is the answer to a DELETE.
type Deleted struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}
